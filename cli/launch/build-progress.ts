import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BuildFacts, buildFacts } from '../../src/builds/facts.js';
import type { Build } from '../../src/builds/types.js';
import { LivePlain } from '../../src/records/progress/live-plain.js';
import type { PlainEnd } from '../../src/records/progress/plain-build.js';
import { buildWords } from '../estimate/before-run.js';
import { parseBuildArguments, readBuildWords } from '../estimate/build-arguments.js';
import type { Io } from '../io.js';
import type { ChildEnd } from './run-child.js';

/** The daemon is told so often at most. */
const TELL_EVERY_MS = 500;

export interface BuildProgressOptions {
  runId: string;
  io: Pick<Io, 'cwd' | 'env' | 'stderr' | 'now'>;
  /** Tells the daemon of the build so far; without one, that more will come. */
  tell(build: Build | undefined): Promise<unknown>;
}

/** What a `docker build` prints of itself on stderr, line by line, for a daemon that has no other way to know. */
export class BuildProgress {
  readonly #options: BuildProgressOptions;
  readonly #facts: Partial<BuildFacts>;
  readonly #plain = new LivePlain();
  readonly #ref: string;
  #telling: Promise<void> | undefined;
  readonly #over = new AbortController();

  /** Undefined for commands that are no `docker build`, and where it draws on a terminal instead of printing lines. */
  static of(command: readonly string[], options: BuildProgressOptions): BuildProgress | undefined {
    const words = buildWords(command);
    try {
      if (words === undefined || !printsLines(words, options.io)) return undefined;
      return new BuildProgress(options, factsOf(words, options.io.cwd));
    } catch {
      // The build will say what is wrong with its arguments.
      return undefined;
    }
  }

  private constructor(options: BuildProgressOptions, facts: Partial<BuildFacts>) {
    this.#options = options;
    this.#facts = facts;
    this.#ref = `run-${options.runId}`;
  }

  /** Before the first step can run: it is not to be taken for another build's. */
  announce(): void {
    this.#telling = this.#tell(undefined).then(() => this.#tellSoon());
  }

  see(bytes: Uint8Array): void {
    this.#plain.add(bytes, this.#options.io.now());
    this.#telling ??= this.#tellSoon();
  }

  /** The command has ended; resolves when the daemon knows, or cannot be told. */
  async end({ exitCode, signal }: Pick<ChildEnd, 'exitCode' | 'signal'>): Promise<void> {
    this.#over.abort();
    this.#plain.end(this.#options.io.now());
    await this.#telling;
    const end = exitCode === 0 ? 'succeeded' : signal === null ? 'failed' : 'canceled';
    const build = this.#build(end);
    if (build !== undefined) await this.#tell(build);
  }

  async #tellSoon(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted && this.#plain.takeChange()) {
      await this.#tell(this.#build('running'));
      await sleep(TELL_EVERY_MS, undefined, { signal }).catch(() => {});
    }
    this.#telling = undefined;
  }

  /** What the daemon cannot be told is no reason to disturb the command. */
  async #tell(build: Build | undefined): Promise<void> {
    await this.#options.tell(build).catch(() => {});
  }

  #build(end: PlainEnd): Build | undefined {
    const build = this.#plain.build(this.#ref, end, this.#options.io.now());
    if (build === undefined) return undefined;
    const { name = build.name, project, context, dockerfile, target } = this.#facts;
    return { ...build, name, project, context, dockerfile, target };
  }
}

/** Whether its progress comes as lines: where stderr is no terminal, or where that was asked for. */
function printsLines(words: readonly string[], { env, stderr }: BuildProgressOptions['io']): boolean {
  const { options } = readBuildWords(words);
  const last = (wanted: string) => options.findLast(({ name }) => name === wanted);
  const quiet = last('quiet');
  if (quiet !== undefined && quiet.value !== 'false') return false;
  const progress = last('progress')?.value ?? env.BUILDKIT_PROGRESS ?? 'auto';
  return progress === 'plain' || (progress === 'auto' && !stderr.isTerminal);
}

/** What its command line says of a build. */
function factsOf(words: readonly string[], cwd: string): Partial<BuildFacts> {
  const { context, file, target, platforms } = parseBuildArguments(words);
  const images = readBuildWords(words).options.filter(({ name }) => name === 'tag');
  const isFolder = context !== '-' && !/^(?:[a-z+]+:\/\/|git@)/.test(context);
  const frontendAttrs = {
    ...(file === undefined ? {} : { filename: file }),
    ...(target === undefined ? {} : { target }),
    ...(isFolder || context === '-' ? {} : { context }),
    platform: platforms.join(','),
  };
  const local = {
    localPath: resolve(cwd, context),
    dockerfilePath: file === undefined || file === '-' ? undefined : resolve(cwd, file),
  };
  const names = images.flatMap(({ value }) => value ?? []);
  const record = { ref: '', images: names, createdAt: undefined, completedAt: undefined, error: undefined };
  const { name, ...facts } = buildFacts({ ...record, frontendAttrs }, '', isFolder ? local : undefined);
  return name === '' ? facts : { ...facts, name };
}
