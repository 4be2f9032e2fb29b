import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type EngineName, engine } from './facts.js';
import { type RunOptions, type RunResult, run } from './run.js';

/** Runs the engine's own client. */
export function docker(name: EngineName, args: readonly string[], options?: RunOptions): Promise<RunResult> {
  return run(engine(name).client, args, options);
}

export interface BuildOptions extends Omit<RunOptions, 'cwd' | 'input'> {
  readonly engine: EngineName;
  readonly dockerfile: string;
  /** More files of the context: path to content. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Build arguments (ARG). */
  readonly args?: Readonly<Record<string, string>>;
  /** More flags of `docker build`. */
  readonly flags?: readonly string[];
}

/**
 * Runs `docker build --progress=plain` in a fresh context directory, as someone who never heard of netmeter
 * would. Resolves with the progress log on stderr (and stdout); rejects where the build fails, unless
 * `anyExit`.
 */
export async function build(options: BuildOptions): Promise<RunResult> {
  const {
    engine: name,
    dockerfile,
    files = {},
    args = {},
    flags = [],
    timeoutMs = 120_000,
    ...rest
  } = options;
  const context = mkdtempSync(join(tmpdir(), 'netmeter-build-'));
  try {
    for (const [path, content] of Object.entries({ Dockerfile: dockerfile, ...files })) {
      mkdirSync(dirname(join(context, path)), { recursive: true });
      writeFileSync(join(context, path), content);
    }
    const argFlags = Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
    const words = ['build', '--progress=plain', ...argFlags, ...flags, '.'];
    return await docker(name, words, { ...rest, cwd: context, timeoutMs });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** Removes containers by name, running or not, and says nothing of those that are gone. */
export async function removeContainers(name: EngineName, ...containers: string[]): Promise<void> {
  await docker(name, ['rm', '-f', '-v', ...containers], { anyExit: true });
}

const TRIES = 3;
const STALLED = /exit(?: code:)? 143|Connection timed out|flightcontrol: exceeded retry timeout/;

/**
 * Does `work` again, with what it then makes anew, where a download in it stalled. While containers come and
 * go, Docker (seen on 28, without netmeter, once in some hundred) drops the address translation of one that
 * has just got the address of another: its connection is dead, and its download ends by `timeout 20` or never.
 * Engine 20.10's BuildKit gives up when it has to wait for itself on a busy machine (`flightcontrol`).
 */
export async function unlessStalled<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const isStalled = STALLED.test((error as Error).message);
      if (!isStalled || tries === TRIES) throw error;
    }
  }
}
