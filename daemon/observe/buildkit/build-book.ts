import type { BuildRecord, LocalState } from '../../../src/builds/facts.js';
import type { StepEdge } from '../../../src/builds/fold.js';
import { lostBuild } from '../../../src/builds/lost.js';
import type { Build } from '../../../src/builds/types.js';
import type { EpochMs, Milliseconds } from '../../../src/units.js';
import { BuildTracker } from './build-tracker.js';
import { OverlapMemory } from './overlap.js';
import type { BuildkitConnection } from './types.js';

export interface BuildBookOptions {
  engineName: string;
  localState: (ref: string) => Promise<LocalState | undefined>;
  log: (message: string) => void;
  tellBuild: (build: Build) => void;
  tellEdge: (edge: StepEdge & { ref: string }) => void;
}

/** Between two tellings of the same running build. */
const TELL_EVERY: Milliseconds = 1_000;
/** Refs of ended builds that are remembered, to tell each end once; an engine keeps 50 records. */
const MOST_ENDED = 200;
const LOST = 'lost: the engine ended and kept no record of how this build did';

/** All builds that run, over any number of connections, and who is told of them when. */
export class BuildBook {
  readonly #options: BuildBookOptions;
  readonly #running = new Map<string, BuildTracker>();
  readonly #ending = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #overlaps = new OverlapMemory();
  readonly #changed = new Set<BuildTracker>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BuildBookOptions) {
    this.#options = options;
  }

  /** Refs of the builds that run by our account. */
  refs(): Set<string> {
    return new Set(this.#running.keys());
  }

  running(): Build[] {
    return [...this.#running.values()].map((tracker) => this.#make(tracker));
  }

  started(record: BuildRecord, connection: BuildkitConnection): void {
    if (this.#ended.has(record.ref) || this.#ending.has(record.ref)) return;
    const known = this.#running.get(record.ref);
    const tracker = known ?? this.#track(record);
    tracker.follow(connection);
    if (known === undefined) void this.#tellStart(tracker);
  }

  /** Engines tell an end twice, the second time some seconds later with the trace (seen on Engine 28). */
  async completed(record: BuildRecord, connection: BuildkitConnection): Promise<void> {
    const { ref } = record;
    if (this.#ended.has(ref) || this.#ending.has(ref)) return;
    this.#ending.add(ref);
    try {
      const tracker = this.#running.get(ref) ?? this.#track(record);
      if (await tracker.finish(record, connection)) this.#end(tracker);
    } catch (error) {
      this.#options.log(`buildkit: cannot read build ${ref}: ${String(error)}`);
    } finally {
      this.#ending.delete(ref);
    }
  }

  /**
   * Ends builds that the engine keeps no record of: they were lost with it.
   *
   * @param refs by our account they run
   * @param stored were stored when they ran, by an earlier daemon
   */
  lose(refs: Iterable<string>, stored: readonly Build[]): void {
    for (const ref of refs) {
      const tracker = this.#running.get(ref);
      tracker?.lose(LOST);
      if (tracker) this.#end(tracker);
    }
    for (const build of stored) {
      if (this.#ended.has(build.ref)) continue;
      this.#remember(build.ref);
      this.#options.tellBuild(lostBuild(build, LOST));
    }
  }

  /** The connection has ended; builds may go on. */
  detach(now: EpochMs): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const tracker of this.#running.values()) tracker.detach(now);
  }

  async #tellStart(tracker: BuildTracker): Promise<void> {
    await tracker.localState;
    if (this.#running.has(tracker.ref)) this.#options.tellBuild(this.#make(tracker));
  }

  #track(record: BuildRecord): BuildTracker {
    const { engineName, localState, log, tellEdge } = this.#options;
    const local = localState(record.ref).catch((error: unknown) => {
      log(`buildkit: no local state of build ${record.ref}: ${String(error)}`);
      return undefined;
    });
    const tracker: BuildTracker = new BuildTracker(record, engineName, local, {
      changed: () => this.#tellSoon(tracker),
      edge: (edge) => tellEdge({ ...edge, ref: record.ref }),
      failed: (error) => log(`buildkit: the status of build ${record.ref} broke off: ${String(error)}`),
    });
    this.#running.set(record.ref, tracker);
    return tracker;
  }

  #end(tracker: BuildTracker): void {
    const build = this.#make(tracker);
    this.#running.delete(tracker.ref);
    this.#changed.delete(tracker);
    this.#remember(tracker.ref);
    this.#overlaps.add(build);
    this.#options.tellBuild(build);
  }

  #make(tracker: BuildTracker): Build {
    const others = [...this.#running.values()].filter((other) => other !== tracker);
    this.#overlaps.forgetBefore(Math.min(tracker.startedAt, ...others.map((other) => other.startedAt)));
    return this.#overlaps.mark(
      tracker.build(),
      others.map((other) => other.build()),
    );
  }

  #remember(ref: string): void {
    this.#ended.add(ref);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= MOST_ENDED) break;
      this.#ended.delete(oldest);
    }
  }

  #tellSoon(tracker: BuildTracker): void {
    this.#changed.add(tracker);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const changed = [...this.#changed];
      this.#changed.clear();
      for (const each of changed) this.#options.tellBuild(this.#make(each));
    }, TELL_EVERY);
  }
}
