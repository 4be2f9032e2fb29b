import type { Build, Step } from '../../src/builds/types.js';
import { failureOf } from '../../src/errors.js';
import type { Tier } from '../../src/metering/types.js';
import { buildOwnerIds, stepSum } from '../../src/report/builds.js';
import { sumByOwner } from '../../src/report/sums.js';
import { actualOf } from '../../src/savings/actual.js';
import { cachesOf, recordBuild } from '../../src/savings/step-run.js';
import type { EpochMs, Milliseconds } from '../../src/units.js';
import type { Store } from '../store/types.js';

export interface BaselineRecorderOptions {
  store: Store;
  tier: Tier;
  /** Since when bytes have been counted without a gap: of what was before, nothing more will be known. */
  countedSince: EpochMs;
  now(): EpochMs;
  onProblem(message: string, error: unknown): void;
}

/** So long after its end, what is not known of a build will not become known any more. */
const DECIDED_AFTER: Milliseconds = 15_000;
const AT_ONCE = 50;

/**
 * Records what ended builds say of the cold cost of their steps, once their bytes are settled and it is known
 * which process ran which step. Which builds were recorded is stored, so that none is forgotten or taken twice.
 */
export class BaselineRecorder {
  readonly #options: BaselineRecorderOptions;
  /** Builds that earlier runs of the daemon left may be in the store. */
  #hasEarlier = true;
  readonly #due = new Set<string>();
  readonly #recorded = new Set<string>();
  #notRecorded: string | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: BaselineRecorderOptions) {
    this.#options = options;
  }

  /** A build changed. Once it has ended and was stored, it is recorded. */
  changed({ ref, status }: Build): void {
    if (status !== 'running' && !this.#recorded.has(ref)) this.#due.add(ref);
  }

  /** Whether there is something to record, or there may be. */
  get isDue(): boolean {
    return this.#hasEarlier || this.#due.size > 0;
  }

  /** Never rejects. @param settledUntil up to when it is settled whose the engine's bytes are */
  record(settledUntil: EpochMs): Promise<void> {
    this.#running = this.#running
      .then(() => this.#record(settledUntil))
      .catch((error) => this.#problem(error));
    return this.#running;
  }

  async #record(settledUntil: EpochMs): Promise<void> {
    if (!this.isDue) return;
    const { store, now } = this.#options;
    const builds = await store.unrecordedBuilds(AT_ONCE);
    const waiting = new Set<string>();
    for (const build of builds) {
      const { cacheIds } = cachesOf(build);
      // In order, where they share a cache: what it was filled with depends on it.
      if (!this.#isKnown(build, settledUntil, now()) || cacheIds.some((id) => waiting.has(id))) {
        for (const id of cacheIds) waiting.add(id);
        continue;
      }
      await this.#recordOne(build);
      this.#recorded.add(build.ref);
      this.#due.delete(build.ref);
    }
    if (builds.length < AT_ONCE) this.#hasEarlier = builds.some(({ ref }) => !this.#recorded.has(ref));
    this.#notRecorded = undefined;
  }

  async #recordOne(build: Build): Promise<void> {
    const { store, tier } = this.#options;
    const { recordIds, cacheIds } = cachesOf(build);
    const [totals, fills] = await Promise.all([
      store.totals(buildOwnerIds(build)),
      store.cacheFills(recordIds, cacheIds),
    ]);
    const sums = sumByOwner(totals);
    const of = (step: Step) => actualOf(stepSum(build.ref, step, { sums }));
    await store.saveRecords(build.ref, recordBuild({ build, tier, actualOf: of }, fills));
  }

  #isKnown(build: Build, settledUntil: EpochMs, now: EpochMs): boolean {
    const endedAt = build.completedAt ?? build.startedAt;
    if (settledUntil < endedAt) return false;
    return now - endedAt >= DECIDED_AFTER || !build.steps.some((step) => this.#isUndecided(step));
  }

  /** It ran, and which process it was may still be found out, or become sure: only then its cost is measured. */
  #isUndecided({ kind, unmetered, attribution, executorIds, intervals }: Step): boolean {
    const began = intervals[0]?.startedAt ?? 0;
    const isGuessed = attribution === 'inferred' && executorIds.length > 0;
    return kind === 'run' && (unmetered === true || isGuessed) && began >= this.#options.countedSince;
  }

  /** Told once, not on every tick. */
  #problem(error: unknown): void {
    const { because } = failureOf(error);
    if (because !== this.#notRecorded) this.#options.onProblem('baselines could not be recorded', error);
    this.#notRecorded = because;
  }
}
