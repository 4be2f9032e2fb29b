import { lostBuild } from '../../src/builds/lost.js';
import type { Build } from '../../src/builds/types.js';
import { NetmeterError } from '../../src/errors.js';
import type { RequestParams } from '../../src/protocol/messages.js';
import type { EpochMs, Milliseconds } from '../../src/units.js';
import type { Run } from '../run-cgroup/run-cgroups.js';
import type { Store } from '../store/types.js';
import type { PeerCredentials } from '../sys/socket-options.js';

export interface ToldBuildsOptions {
  /** The engine's name. */
  engine: string;
  store: Pick<Store, 'builds'>;
  /** Whether the engine that is connected keeps no history of builds. */
  isLegacy(): boolean;
  /** The asker's own run, see RunCgroups. */
  own(runId: string, peer: PeerCredentials): Run;
  /** Whether somebody still waits for a run's end. */
  isUnderWay(runId: string): boolean;
  now(): EpochMs;
  tell(build: Build): Promise<void>;
  /** No run tells of builds any more, and those that did are joined with what the executor ran. */
  onQuiet(): void;
}

/** Which process ran which step is decided by then, once a build is over. */
const JOINED_AFTER: Milliseconds = 6_000;
const LOOK_EVERY: Milliseconds = 1_000;
/**
 * A client prints what its engine told it, 100 to 150 ms later, the engine tells it every 100 ms, and durations are
 * rounded to tenths of a second (progressui of moby/buildkit 0.8; seen on Engine 20.10).
 */
const LATE: Milliseconds = 750;
const RECENT = 200;
const PREFIX = 'run-';

/** How the build that a run's command tells of is called. */
export function toldRef(runId: string): string {
  return `${PREFIX}${runId}`;
}

export function isToldRef(ref: string): boolean {
  return ref.startsWith(PREFIX);
}

/** Builds of an engine that tells nothing of them, as clients under `netmeter run` print them. */
export class ToldBuilds {
  readonly #options: ToldBuildsOptions;
  /** Runs that tell of a build, with what they told last. */
  readonly #runs = new Map<string, Build | undefined>();
  #lastEndedAt: EpochMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ToldBuildsOptions) {
    this.#options = options;
  }

  get isWanted(): boolean {
    return this.#options.isLegacy();
  }

  /** Whether what the executor runs may be a step of a build that is told of. */
  get isActive(): boolean {
    return this.#runs.size > 0 || this.#options.now() - this.#lastEndedAt <= JOINED_AFTER;
  }

  /** Ends the builds of an earlier daemon whose clients are gone. */
  async start(): Promise<void> {
    const { store, isUnderWay, tell } = this.#options;
    const builds = await store.builds({ limit: RECENT });
    for (const build of builds) {
      if (build.status !== 'running' || !isToldRef(build.ref)) continue;
      if (!isUnderWay(build.ref.slice(PREFIX.length))) await tell(lostBuild(build, GONE));
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** @throws NetmeterError `not-found` for a run that is over or not the asker's, `usage` where nobody asked for it */
  async progress(
    { runId, build }: RequestParams['run-progress'],
    peer: PeerCredentials,
  ): Promise<Record<string, never>> {
    this.#options.own(runId, peer);
    if (!this.isWanted) {
      throw new NetmeterError('usage', 'the engine tells of its builds itself, or none is connected');
    }
    const told = build && adopted(build, runId, this.#options.engine);
    this.#runs.set(runId, told ?? this.#runs.get(runId));
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY).unref();
    if (told !== undefined) await this.#options.tell(told);
    return {};
  }

  /** The run is over: nothing more will be told of its build. */
  ended(runId: string): void {
    if (!this.#runs.has(runId)) return;
    const build = this.#runs.get(runId);
    this.#runs.delete(runId);
    this.#lastEndedAt = this.#options.now();
    if (build?.status === 'running') void this.#options.tell(lostBuild(build, GONE));
  }

  /** Done once a second while there is something to wait for: ends what clients left that are gone. */
  look(): void {
    for (const runId of [...this.#runs.keys()]) if (!this.#options.isUnderWay(runId)) this.ended(runId);
    if (this.isActive) return;
    this.stop();
    this.#options.onQuiet();
  }
}

const GONE = 'its client is gone, and did not say how it ended';

/** As if it had been seen: what was counted is joined with it. The join looks steps up by their digest alone. */
function adopted({ imported: _, ...build }: Build, runId: string, engine: string): Build {
  const ref = toldRef(runId);
  const steps = build.steps.map(({ unmetered: __, ...step }) => ({
    ...step,
    digest: `${ref}/${step.digest}`,
  }));
  return { ...build, ref, engine, steps, lateBy: LATE };
}
