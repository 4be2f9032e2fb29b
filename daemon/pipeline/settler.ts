import { GRACE } from '../../src/builds/active-steps.js';
import { type EndedPull, firstPullMoves } from '../../src/builds/pull-move.js';
import { type Accounts, settle } from '../../src/builds/settle.js';
import { settleableUntil } from '../../src/builds/settleable.js';
import type { Build } from '../../src/builds/types.js';
import type { Move } from '../../src/metering/usage.js';
import type { EpochMs, Interval } from '../../src/units.js';
import type { Store } from '../store/types.js';

export interface SettlerOptions {
  store: Store;
  /** Owner of the engine's own bytes. */
  engineOwnerId: string;
  /** Builds of the engine that ran at some time in the period, shared steps marked. */
  buildsIn(from: EpochMs, to: EpochMs): Promise<readonly Build[]>;
  /** Whether any build runs, so that BuildKit may still tell what grew. */
  isBuilding(): boolean;
  /** Source steps that got bytes, by owner id: `shared` when another step had bytes of the same transfers. */
  onAttributions(attributions: ReadonlyMap<string, 'inferred' | 'shared'>): void;
}

/** A running build is told once a second; so long later it has told of an interval. */
const TOLD_AFTER_MS = 3000;
/** That a build has begun is told some tenths of a second later, when it may have fetched megabytes already. */
const BEGUN_AFTER_MS = 2000;
/** How far back a build may be unsettled when the daemon was killed. */
const UNSETTLED_MS = 60_000;
/** How far back a pull may have begun. */
const LONGEST_PULL_MS = 3_600_000;

/**
 * Gives the engine's own bytes to the steps and pulls that it moved them for, some seconds after they were
 * stored as the engine's. Every row is looked at once; how far that got is stored, so that a restart goes on.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #metaKey: string;
  /** By their ends. */
  #pulls: EndedPull[] = [];
  #settledUntil: EpochMs | undefined;
  /** Those that are not settled yet, for a part of them at least. */
  #ticks: Interval[] = [];
  /** Ends of ticks, from the last settled one on. */
  #tickEnds: EpochMs[] = [];
  #accounts: Accounts = new Map();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SettlerOptions) {
    this.#options = options;
    this.#metaKey = `settled:${options.engineOwnerId}`;
  }

  /**
   * @param lastTickAt end of the last tick before this run. When nothing is stored, no build was settled until then:
   * one that runs may have moved what was counted shortly before.
   */
  async start(lastTickAt: EpochMs): Promise<void> {
    const stored = await this.#options.store.meta(this.#metaKey);
    this.#settledUntil = stored === undefined ? lastTickAt - UNSETTLED_MS : Number(stored);
  }

  /** Up to when it is settled whose the engine's bytes are. */
  get settledUntil(): EpochMs {
    return this.#settledUntil ?? 0;
  }

  pulled(pull: EndedPull): void {
    this.#pulls.push(pull);
    this.#pulls.sort((a, b) => a.at - b.at);
  }

  /** A tick was stored. Long ones may end well after a build that they belong to: those over a restart. */
  ticked(interval: Interval): void {
    this.#ticks.push(interval);
  }

  /**
   * Settles what can be settled.
   * @param tickedUntil end of the last committed tick
   * @param isLast nothing more will be told: all of it
   */
  settle(tickedUntil: EpochMs, isLast = false): Promise<void> {
    const next = this.#running.then(() => this.#settle(tickedUntil, isLast));
    this.#running = next.catch(() => {});
    return next;
  }

  async #settle(tickedUntil: EpochMs, isLast: boolean): Promise<void> {
    const from = this.#settledUntil;
    if (from === undefined) return;
    if (tickedUntil > (this.#tickEnds.at(-1) ?? 0)) this.#tickEnds.push(tickedUntil);
    this.#ticks = this.#ticks.filter((tick) => tick.to > from);
    const began = Math.min(from, ...this.#ticks.map((tick) => tick.from));
    const builds = await this.#options.buildsIn(began, tickedUntil);
    const to = isLast ? tickedUntil : this.#toldUntil(builds, tickedUntil);
    if (to > from) await this.#settleBuilds(builds, from, to);
    await this.#settlePulls(this.#settledUntil ?? from);
  }

  /** End of the last tick that is settled whole: what is settled may end within one. */
  #wholeUntil(settledUntil: EpochMs): EpochMs {
    const last = this.#tickEnds.findLastIndex((end) => end <= settledUntil);
    if (last > 0) this.#tickEnds.splice(0, last);
    return last < 0 ? 0 : this.#tickEnds[0]!;
  }

  /** Up to when builds have told what they did, and whether there are any. */
  #toldUntil(builds: readonly Build[], tickedUntil: EpochMs): EpochMs {
    if (this.#options.isBuilding()) return tickedUntil - TOLD_AFTER_MS;
    const ends = builds.map(({ completedAt = 0 }) => completedAt + GRACE);
    return Math.min(tickedUntil, Math.max(tickedUntil - BEGUN_AFTER_MS, ...ends));
  }

  async #settleBuilds(builds: readonly Build[], from: EpochMs, latest: EpochMs): Promise<void> {
    const { store, engineOwnerId, onAttributions } = this.#options;
    const to = settleableUntil(builds, from, latest);
    if (to <= from) return;
    if (builds.length > 0) {
      const rows = await store.ownerRows(engineOwnerId, { from, to });
      const { moves, attributions, accounts } = settle({ rows, builds, until: to, accounts: this.#accounts });
      // One id an interval: a second try after a crash moves nothing again, whatever else it settles.
      for (const [end, together] of byIntervalEnd(moves)) {
        await store.move(`settle:${engineOwnerId}:${end}`, together);
      }
      this.#accounts = accounts;
      onAttributions(attributions);
      await store.setMeta(this.#metaKey, String(to));
    } else {
      this.#accounts = new Map();
    }
    this.#settledUntil = to;
  }

  async #settlePulls(settledUntil: EpochMs): Promise<void> {
    const { store, engineOwnerId } = this.#options;
    const wholeUntil = this.#wholeUntil(settledUntil);
    for (;;) {
      const ended = this.#pulls.filter(({ at }) => at <= wholeUntil);
      const [first, ...later] = ended;
      if (first === undefined) return;
      const rows = await store.ownerRows(engineOwnerId, {
        from: first.at - LONGEST_PULL_MS,
        to: settledUntil,
      });
      const { moves, settled } = firstPullMoves([first, ...later], { rows });
      if (moves.length > 0) await store.move(`pull:${first.image}@${first.at}`, moves);
      // Another may have been told of meanwhile.
      this.#pulls = this.#pulls.filter((pull) => !ended.slice(0, settled).includes(pull));
    }
  }
}

function byIntervalEnd(moves: readonly Move[]): Map<EpochMs, Move[]> {
  const groups = new Map<EpochMs, Move[]>();
  for (const move of moves) {
    const group = groups.get(move.interval.to);
    if (group === undefined) groups.set(move.interval.to, [move]);
    else group.push(move);
  }
  return groups;
}
