import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EngineName, engine, lab } from './facts.js';
import { type RunOptions, type RunResult, run } from './run.js';
import { type Cleanup, eventually } from './suite.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface NetmeterOptions {
  /** The engine it watches; 28 unless told. */
  readonly engine?: EngineName;
  /** More options of `netmeter start`. */
  readonly startArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A netmeter with a state directory of its own, used through its command line. */
export class Netmeter {
  readonly stateDir: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #startArgs: readonly string[];

  /** Makes the state directory; `cleanup` stops the daemon and removes it. */
  constructor(cleanup: Cleanup, options: NetmeterOptions = {}) {
    this.stateDir = mkdtempSync(join(tmpdir(), 'netmeter-'));
    this.#env = {
      NETMETER_STATE_DIR: this.stateDir,
      NETMETER_SOCKET: join(this.stateDir, 'socket'),
      DOCKER_HOST: engine(options.engine ?? '28').dockerHost,
      ...options.env,
    };
    this.#startArgs = ['--link', lab().uplink, ...(options.startArgs ?? [])];
    cleanup.defer(async () => {
      await this.run(['stop'], { anyExit: true });
      rmSync(this.stateDir, { recursive: true, force: true });
    });
  }

  /** Runs one command of the built netmeter, or of NETMETER_BIN. */
  run(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const env = { ...this.#env, ...options.env };
    return run(process.execPath, [netmeterBin(), ...args], { ...options, env });
  }

  /** Runs a command with --json and parses the document it prints. */
  async json<T>(args: readonly string[], options: RunOptions = {}): Promise<T> {
    const { stdout, stderr } = await this.run([...args, '--json'], options);
    try {
      return JSON.parse(stdout) as T;
    } catch (cause) {
      throw new Error(`netmeter ${args.join(' ')} --json printed no JSON: ${stdout}${stderr}`, { cause });
    }
  }

  start(): Promise<RunResult> {
    return this.run(['start', ...this.#startArgs]);
  }

  /** How to run one of its commands elsewhere, such as in a terminal. */
  commandLine(args: readonly string[]): {
    command: string;
    args: string[];
    env: Readonly<Record<string, string>>;
  } {
    return { command: process.execPath, args: [netmeterBin(), ...args], env: this.#env };
  }

  /** How to run the daemon in the foreground, for tests that end it in their own way. */
  foreground(): { command: string; args: string[]; env: Readonly<Record<string, string>> } {
    const args = [netmeterBin(), 'start', '--foreground', ...this.#startArgs];
    return { command: process.execPath, args, env: this.#env };
  }

  stop(): Promise<RunResult> {
    return this.run(['stop']);
  }

  /** The daemon's pid, from `netmeter status`. */
  async pid(): Promise<number> {
    return (await this.json<{ pid: number }>(['status'])).pid;
  }

  /** Ends the daemon as a crash would, and waits until it is gone. */
  async kill9(): Promise<void> {
    const pid = await this.pid();
    process.kill(pid, 'SIGKILL');
    await eventually(`process ${pid} to end`, 10_000, () => (isAlive(pid) ? undefined : true));
  }
}

/** Starts a netmeter and waits until it meters. */
export async function startNetmeter(cleanup: Cleanup, options: NetmeterOptions = {}): Promise<Netmeter> {
  const netmeter = new Netmeter(cleanup, options);
  await netmeter.start();
  return netmeter;
}

function netmeterBin(): string {
  if (process.env.NETMETER_BIN !== undefined) return process.env.NETMETER_BIN;
  const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    bin: { netmeter: string };
  };
  return join(ROOT, bin.netmeter);
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is dead already.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
