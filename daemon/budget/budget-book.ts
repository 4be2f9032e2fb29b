import type { Budget } from '../../src/budget/budget.js';
import { budgetWarnings } from '../../src/budget/budget-warnings.js';
import { NetmeterError } from '../../src/errors.js';
import type { BudgetState } from '../../src/protocol/documents.js';
import type { EpochMs } from '../../src/units.js';
import type { Store, TickBatch } from '../store/types.js';
import { type CalibrationOf, carriedBytes, type MeasuredBudget, measureBudget } from './measure-budget.js';
import type { WarningBook } from './warning-book.js';

export interface BudgetBookOptions {
  store: Store;
  calibrationOf: CalibrationOf;
  warnings: WarningBook;
  now(): EpochMs;
  onProblem(message: string, error: unknown): void;
}

/** What ticks add is added up; so often it is measured anew, with its forecast. */
const MEASURE_EVERY_MS = 600_000;

interface Kept {
  budget: Budget;
  /** Undefined: no cycle is under way. */
  measured: MeasuredBudget | undefined;
  measuredAt: EpochMs;
  /** Used since it was measured. */
  more: number;
}

/** Budgets and how far they are used, followed tick by tick, so that warnings come with the byte that they are about. */
export class BudgetBook {
  readonly #options: BudgetBookOptions;
  readonly #kept = new Map<string, Kept>();
  #measuring: Promise<void> = Promise.resolve();
  #isMeasuring = false;
  #committedUntil: EpochMs = 0;

  constructor(options: BudgetBookOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    this.#committedUntil = (await this.#options.store.lastTickAt()) ?? 0;
    for (const budget of await this.#options.store.budgets()) this.#keep(budget);
    await this.#measureDue();
  }

  budgets(): Budget[] {
    return [...this.#kept.values()].map(({ budget }) => budget);
  }

  /** As it is stored by now; null when there is no budget, or no cycle of it is under way. */
  async stateOf(link: string): Promise<BudgetState | null> {
    const budget = this.#kept.get(link)?.budget;
    if (budget === undefined) return null;
    const { store, calibrationOf, now } = this.#options;
    return (await measureBudget(store, calibrationOf, budget, now()))?.state ?? null;
  }

  /** At once, from what has been added up: for prompts. */
  roughly(link: string): { usedBytes: number; limitBytes: number } | undefined {
    const kept = this.#kept.get(link);
    if (kept?.measured === undefined) return undefined;
    return { usedBytes: kept.measured.state.usedBytes + kept.more, limitBytes: kept.budget.limitBytes };
  }

  async set(budget: Budget): Promise<void> {
    await this.#options.store.saveBudget(budget);
    this.#keep(budget);
    await this.#measureDue();
  }

  /** @throws NetmeterError `not-found` */
  async remove(link: string): Promise<void> {
    if (!this.#kept.has(link)) {
      throw new NetmeterError('not-found', `the link ${JSON.stringify(link)} has no budget`, {
        hint: 'netmeter budget ls lists budgets.',
      });
    }
    await this.#options.store.removeBudget(link);
    this.#kept.delete(link);
    this.#options.warnings.end(this.#options.warnings.holding(`budget:${JSON.stringify(link)}:`));
  }

  /** A tick is stored. */
  committed(batch: TickBatch): void {
    this.#committedUntil = batch.interval.to;
    if (this.#kept.size === 0) return;
    for (const row of batch.links) {
      const kept = this.#kept.get(row.link);
      if (kept !== undefined) kept.more += carriedBytes(row, this.#options.calibrationOf(row.link));
    }
    for (const row of batch.rows) {
      if (row.class !== 'lan' || row.link === undefined) continue;
      const kept = this.#kept.get(row.link);
      if (kept !== undefined) kept.more -= row.rxBytes + row.txBytes;
    }
    for (const kept of this.#kept.values()) this.#warn(kept);
    this.tick();
  }

  /** Time went by. */
  tick(): void {
    if (this.#isMeasuring || ![...this.#kept.values()].some((kept) => this.#isDue(kept))) return;
    this.#measureDue().catch((error: unknown) =>
      this.#options.onProblem('a budget could not be measured', error),
    );
  }

  #keep(budget: Budget): void {
    this.#kept.set(budget.link, {
      budget,
      measured: undefined,
      measuredAt: Number.NEGATIVE_INFINITY,
      more: 0,
    });
  }

  #isDue({ measured, measuredAt }: Kept): boolean {
    const now = this.#options.now();
    return (
      now < measuredAt ||
      now - measuredAt >= MEASURE_EVERY_MS ||
      (measured !== undefined && now > measured.cycle.to)
    );
  }

  /** One after the other, so that nothing that is added meanwhile counts twice. */
  #measureDue(): Promise<void> {
    const next = this.#measuring.then(async () => {
      this.#isMeasuring = true;
      try {
        for (const kept of this.#kept.values()) if (this.#isDue(kept)) await this.#measure(kept);
      } finally {
        this.#isMeasuring = false;
      }
    });
    this.#measuring = next.catch(() => {});
    return next;
  }

  async #measure(kept: Kept): Promise<void> {
    const { store, calibrationOf, now } = this.#options;
    const at = now();
    kept.more = 0;
    // A tick that is being stored right now is not in the answer, but added when it is.
    kept.measured = await measureBudget(store, calibrationOf, kept.budget, at, this.#committedUntil);
    kept.measuredAt = at;
    this.#warn(kept);
  }

  #warn({ budget, measured, more }: Kept): void {
    if (measured === undefined) return;
    const { warnings } = this.#options;
    const { state, cycle } = measured;
    const { raise, end } = budgetWarnings(
      {
        link: budget.link,
        limitBytes: budget.limitBytes,
        usedBytes: Math.max(0, state.usedBytes + more),
        cycle,
        timeZone: budget.timeZone,
        forecastBytes: state.forecastBytes ?? undefined,
        runsOutAt: state.runsOutAt === null ? undefined : Date.parse(state.runsOutAt),
      },
      (key) => warnings.holds(key),
    );
    warnings.end(end);
    warnings.raise(...raise);
  }
}
