import type { ExecutionJoin } from '../../src/builds/join.js';
import type { Build } from '../../src/builds/types.js';
import { failureOf } from '../../src/errors.js';
import type { EpochMs } from '../../src/units.js';
import type { Log } from '../lifecycle/log.js';
import type { Store, TickBatch } from '../store/types.js';
import { BaselineRecorder } from './baseline-recorder.js';
import { BuildTracker, type BuildTrackerOptions } from './build-tracker.js';
import type { Clock } from './clock.js';
import { countedSince } from './counted-since.js';
import { Settler } from './settler.js';
import type { OpenTier } from './tier.js';

export interface SettlementOptions {
  store: Store;
  tier: OpenTier;
  join: ExecutionJoin;
  /** The engine's name. */
  engine: string;
  clock: Clock;
  log: Log;
  /** End of the last tick, of an earlier run where there is none yet. */
  tickedUntil: EpochMs;
  describe: BuildTrackerOptions['describe'];
  imageBytes: NonNullable<BuildTrackerOptions['imageBytes']>;
  onBuild(build: Build): void;
}

/** Whose the engine's bytes are, and what the builds that had them cost: in this order, after every tick. */
export class Settlement {
  readonly tracker: BuildTracker;
  readonly #settler: Settler;
  readonly #recorder: BaselineRecorder;
  readonly #log: Log;
  #tickedUntil: EpochMs;
  #notSettled: string | undefined;

  private constructor(options: SettlementOptions, since: EpochMs) {
    const { store, tier, join, engine, clock, log, describe, imageBytes, onBuild } = options;
    const onProblem = (message: string, error: unknown) => log.error(message, error);
    this.#log = log;
    this.#tickedUntil = options.tickedUntil;
    this.#recorder = new BaselineRecorder({
      store,
      countedSince: since,
      tier: tier.tier,
      now: clock.now,
      onProblem,
    });
    this.tracker = new BuildTracker({
      store,
      join,
      engine,
      countedSince: since,
      now: clock.now,
      describe,
      imageBytes,
      onBuild: (build) => {
        this.#recorder.changed(build);
        onBuild(build);
      },
      onProblem,
    });
    this.#settler = new Settler({
      store,
      engineOwnerId: `engine:${engine}`,
      buildsIn: async (from, to) => this.tracker.buildsIn(from, to),
      isBuilding: () => this.tracker.isBuilding,
      onAttributions: (attributions) => this.tracker.attributions(attributions),
    });
  }

  static async start(options: SettlementOptions): Promise<Settlement> {
    const { store, tier, clock, tickedUntil } = options;
    const settlement = new Settlement(options, await countedSince(tier, store, clock.now()));
    await settlement.#settler.start(tickedUntil);
    return settlement;
  }

  async stop(): Promise<void> {
    await this.#settler.settle(this.#tickedUntil, true);
    await this.tracker.flush();
    await this.#record();
  }

  pulled(pull: Parameters<Settler['pulled']>[0]): void {
    this.#settler.pulled(pull);
  }

  committed(batch: TickBatch): void {
    this.#tickedUntil = batch.interval.to;
    this.#settler.ticked(batch.interval);
    for (const { id, facts } of batch.owners) {
      if (!id.startsWith('exec:')) continue;
      this.tracker.counted(id.slice('exec:'.length), batch.interval, facts.cgroupId);
    }
    this.tracker.update();
    void this.#settle().then(() => this.#record());
  }

  /** A tick in which nothing moved. */
  idle(until: EpochMs): void {
    this.#tickedUntil = until;
    if (!this.#recorder.isDue) return;
    this.tracker.update();
    void this.#settle().then(() => this.#record());
  }

  /** Everything that is counted is settled and recorded. */
  async refresh(): Promise<void> {
    this.tracker.update();
    await this.#settle();
    if (this.#recorder.isDue) await this.tracker.flush();
    await this.#record();
  }

  #record(): Promise<void> {
    return this.#recorder.record(this.#settler.settledUntil);
  }

  /** Never rejects: what cannot be settled now is settled later. Logged once, not on every tick. */
  async #settle(): Promise<void> {
    try {
      await this.#settler.settle(this.#tickedUntil);
      this.#notSettled = undefined;
    } catch (error) {
      const { because } = failureOf(error);
      if (because !== this.#notSettled) {
        this.#log.error("the engine's bytes could not be given to steps", error);
      }
      this.#notSettled = because;
    }
  }
}
