import { type BuildRecord, buildFacts, type LocalState } from '../../../src/builds/facts.js';
import { BuildFold, type StepEdge } from '../../../src/builds/fold.js';
import type { Build } from '../../../src/builds/types.js';
import type { EpochMs } from '../../../src/units.js';
import type { BuildkitConnection } from './types.js';

export interface TrackerEvents {
  changed(): void;
  edge(edge: StepEdge): void;
  /** The stream broke off while the connection held; its build goes on without news. */
  failed(error: unknown): void;
}

/** How long a build's last messages may come after the news of its end. */
const TRAILING_MS = 2_000;

/** One build while it runs, over any number of connections. */
export class BuildTracker {
  readonly ref: string;
  readonly startedAt: EpochMs;
  /** Resolves when it is known where the context lies, or that nobody can tell. */
  readonly localState: Promise<void>;
  readonly #fold: BuildFold;
  readonly #engine: string;
  readonly #events: TrackerEvents;
  #record: BuildRecord;
  #local: LocalState | undefined;
  #reading: Promise<boolean> | undefined;
  #stop: AbortController | undefined;
  #knownUntil: EpochMs;

  /** @param localState where buildx found the context, when it is known */
  constructor(
    record: BuildRecord,
    engine: string,
    localState: Promise<LocalState | undefined>,
    events: TrackerEvents,
  ) {
    this.ref = record.ref;
    this.#record = record;
    this.#engine = engine;
    this.#events = events;
    const facts = buildFacts(record, engine);
    this.startedAt = facts.startedAt;
    this.#knownUntil = facts.startedAt;
    this.#fold = new BuildFold(facts);
    this.localState = localState.then((local) => {
      if (local === undefined) return;
      this.#local = local;
      this.#learn(this.#record);
    });
  }

  /** Reads its status from the beginning, unless this connection does so already. */
  follow(connection: BuildkitConnection): void {
    this.#reading ??= this.#read(connection);
  }

  /** The connection has ended, until when the build was known to run. */
  detach(now: EpochMs): void {
    if (this.#reading !== undefined) this.#knownUntil = now;
    this.#stopReading();
  }

  /**
   * The history says how it ended. What its stream has not told by then is read from the history.
   *
   * @returns false when the connection ended before that was done
   */
  async finish(record: BuildRecord, connection: BuildkitConnection): Promise<boolean> {
    const patience = setTimeout(() => this.#stop?.abort(), TRAILING_MS);
    let whole = await this.#reading;
    clearTimeout(patience);
    if (!whole) {
      this.#stopReading();
      whole = await this.#read(connection);
      if (!whole && connection.closed) return false;
    }
    await this.localState;
    this.#learn(record);
    this.#fold.finish({ at: record.completedAt ?? this.#fold.lastAt, error: record.error });
    return true;
  }

  /** @returns whether the stream came to its end */
  async #read(connection: BuildkitConnection): Promise<boolean> {
    const stop = new AbortController();
    this.#stop = stop;
    try {
      for await (const update of connection.status(this.ref, stop.signal)) {
        for (const edge of this.#fold.apply(update)) this.#events.edge(edge);
        this.#events.changed();
      }
      return true;
    } catch (error) {
      if (!stop.signal.aborted && !connection.closed) this.#events.failed(error);
      return false;
    }
  }

  /** The engine kept no record of its end, as when it was killed. */
  lose(because: string): void {
    const at = Math.max(this.#fold.lastAt, this.#knownUntil);
    this.#fold.finish({ at, error: { code: CANCELED, message: because } });
  }

  build(): Build {
    return this.#fold.build();
  }

  #stopReading(): void {
    this.#stop?.abort();
    this.#reading = undefined;
  }

  #learn(record: BuildRecord): void {
    this.#record = record;
    this.#fold.learn(buildFacts(record, this.#engine, this.#local));
  }
}

/** google.rpc.Code: the work was stopped, not its fault. */
const CANCELED = 1;
