import { failureOf } from '../../src/errors.js';
import { elapsedBetween, type Instant } from '../../src/metering/elapsed.js';
import type { CounterPosition, Owner, SourceState, Tier } from '../../src/metering/types.js';
import type { LinkRow } from '../../src/metering/usage.js';
import type { EpochMs, Interval, Milliseconds } from '../../src/units.js';
import type { Log } from '../lifecycle/log.js';
import type { Store, TickBatch } from '../store/types.js';
import type { Clock } from './clock.js';
import type { DraftRow } from './flow-ledger.js';

/** What one source has to add to a tick. */
export interface Draft {
  tier: Tier;
  rows: DraftRow[];
  links: Omit<LinkRow, 'interval'>[];
  owners: Owner[];
  positions: CounterPosition[];
  /** Keys of counters that are gone for good. */
  forget: string[];
  /** Right after its counters were read; undefined for the beginning of the tick. */
  readAt?: Instant;
}

/** Something that is sampled on every tick: owners' counters, links' counters. */
export interface TickSource {
  readonly name: string;
  /** What moved since the last accepted draft. May throw: the other sources go on. */
  draft(): Draft | Promise<Draft>;
  /** The last draft is in the database. */
  accept(): void;
}

export interface MeterLoopOptions {
  sources: readonly TickSource[];
  store: Store;
  clock: Clock;
  log: Log;
  tickMs: Milliseconds;
  /** Names the run of the kernel counters; asked on every tick. */
  epoch(): string;
  /** Wall clock of the last sample before this run, when its counters go on; undefined: counting begins now. */
  countedSince: EpochMs | undefined;
  onCommit(batch: TickBatch): void;
  /** A sample in which nothing moved. */
  onIdle?(interval: Interval): void;
}

/** Moments closer than this to the last sample are not worth another one. */
const CLOSEST_SAMPLES_MS = 50;
/** Without traffic nothing is written, except a sign of life this often, so that a restart dates its gap. */
const HEARTBEAT_MS = 60_000;

interface SourceRun {
  source: TickSource;
  state: SourceState;
  /** When its last accepted sample was made. */
  accepted: Instant;
}

/** Samples all sources once a tick, or earlier when asked, and commits what moved in one transaction. */
export class MeterLoop {
  readonly name = 'meter loop';
  readonly #options: MeterLoopOptions;
  readonly #runs: SourceRun[];
  #timer: NodeJS.Timeout | undefined;
  /** The sample under way, and the one that begins when it is done. */
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #lastSampleAt = Number.NEGATIVE_INFINITY;
  #lastCommitAt = Number.NEGATIVE_INFINITY;
  #commitState: SourceState = state('store');
  #stopped = false;

  constructor(options: MeterLoopOptions) {
    this.#options = options;
    this.#runs = options.sources.map((source) => ({
      source,
      state: state(source.name),
      accepted: { wall: 0, boot: 0 },
    }));
  }

  async start(): Promise<void> {
    const { clock, countedSince } = this.#options;
    const now = { wall: clock.now(), boot: clock.boot() };
    // What the last run counted until is known by the wall clock only, which may have been set back since.
    const wall = Math.min(countedSince ?? now.wall, now.wall);
    for (const run of this.#runs) run.accepted = { wall, boot: now.boot - (now.wall - wall) };
    await this.sample();
    this.#schedule();
  }

  /** Samples no more by itself. */
  async halt(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await (this.#next ?? this.#current)?.catch(() => {});
  }

  /** Commits what was counted until now, then stops. */
  async stop(): Promise<void> {
    await this.halt();
    await this.sample();
  }

  /**
   * Samples now; calls that come while one is under way share the next one, and wait for no other: while the
   * store is locked, each takes seconds, and there is always somebody who wants another.
   */
  sample(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#current === undefined) return this.#begin();
    const begin = () => {
      this.#next = undefined;
      return this.#begin();
    };
    this.#next = this.#current.then(begin, begin);
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#current = this.#tick().finally(() => {
      this.#current = undefined;
    });
    return this.#current;
  }

  /** Samples soon, because something begins or ends whose bytes should not share a tick with others. */
  edge(): void {
    if (this.#stopped || this.#options.clock.monotonic() - this.#lastSampleAt < CLOSEST_SAMPLES_MS) return;
    this.sample().catch((error: unknown) => this.#options.log.error('sampling failed', error));
  }

  states(): SourceState[] {
    return [...this.#runs.map((run) => run.state), this.#commitState];
  }

  /** On a fixed grid, so that a slow tick does not shift all that follow. */
  #schedule(): void {
    const { clock, tickMs, log } = this.#options;
    const wait = tickMs - (clock.monotonic() % tickMs);
    this.#timer = setTimeout(() => {
      this.sample()
        .catch((error: unknown) => log.error('sampling failed', error))
        .finally(() => {
          if (!this.#stopped) this.#schedule();
        });
    }, wait);
  }

  async #tick(): Promise<void> {
    const { clock, epoch, tickMs } = this.#options;
    this.#lastSampleAt = clock.monotonic();
    let now: Instant = { wall: clock.now(), boot: clock.boot() };
    const drafts: { run: SourceRun; draft: Draft }[] = [];
    for (const run of this.#runs) {
      const draft = await this.#draftOf(run, now.wall);
      if (draft === undefined) continue;
      drafts.push({ run, draft });
      // On a busy machine that is many packets later: what began meanwhile has some of them.
      now = draft.readAt ?? now;
    }
    const at = now.wall;
    const batch: TickBatch = {
      interval: { from: at, to: at },
      epoch: epoch(),
      rows: [],
      links: [],
      owners: [],
      positions: [],
      forget: [],
    };
    for (const { run, draft } of drafts) {
      addDraft(batch, draft, elapsedBetween(run.accepted, now, tickMs).interval);
    }
    if (isEmpty(batch) && at - this.#lastCommitAt < HEARTBEAT_MS && at >= this.#lastCommitAt) {
      for (const { run } of drafts) run.accepted = now;
      if (drafts.length > 0) this.#options.onIdle?.(batch.interval);
      return;
    }
    if (!(await this.#commit(batch))) return;
    this.#lastCommitAt = at;
    for (const { run } of drafts) {
      run.source.accept();
      run.accepted = now;
    }
    this.#options.onCommit(batch);
  }

  async #draftOf(run: SourceRun, at: EpochMs): Promise<Draft | undefined> {
    const begin = this.#options.clock.monotonic();
    try {
      const draft = await run.source.draft();
      this.#succeeded(run.state, begin, at);
      return draft;
    } catch (error) {
      this.#failed(run.state, error);
      return undefined;
    }
  }

  async #commit(batch: TickBatch): Promise<boolean> {
    const begin = this.#options.clock.monotonic();
    try {
      await this.#options.store.commit(batch);
      this.#succeeded(this.#commitState, begin, batch.interval.to);
      return true;
    } catch (error) {
      this.#failed(this.#commitState, error);
      return false;
    }
  }

  #succeeded(source: SourceState, begin: Milliseconds, at: EpochMs): void {
    if (!source.ok) this.#options.log.info(`${source.name} works again`);
    source.ok = true;
    source.because = undefined;
    source.code = undefined;
    source.hint = undefined;
    source.lastDurationMs = this.#options.clock.monotonic() - begin;
    source.lastAt = at;
  }

  /** Logged once, not on every tick. */
  #failed(source: SourceState, error: unknown): void {
    const failure = failureOf(error);
    if (source.ok || source.because !== failure.because) {
      this.#options.log.error(`${source.name} failed`, error);
    }
    Object.assign(source, { ok: false, ...failure });
  }
}

function state(name: string): SourceState {
  return { name, ok: true, because: undefined, lastDurationMs: undefined, lastAt: undefined };
}

function addDraft(batch: TickBatch, draft: Draft, interval: Interval): void {
  for (const row of draft.rows) batch.rows.push({ ...row, tier: draft.tier, interval });
  for (const link of draft.links) batch.links.push({ ...link, interval });
  batch.owners.push(...draft.owners);
  batch.positions.push(...draft.positions);
  batch.forget.push(...draft.forget);
  if (interval.from < batch.interval.from) batch.interval.from = interval.from;
}

function isEmpty(batch: TickBatch): boolean {
  return (
    batch.rows.length === 0 &&
    batch.links.length === 0 &&
    batch.positions.length === 0 &&
    batch.forget.length === 0
  );
}
