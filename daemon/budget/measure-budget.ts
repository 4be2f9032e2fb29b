/** budget: what links have used of their budgets, and the warnings that follow from it. */
import { type Budget, budgetState, countedPart } from '../../src/budget/budget.js';
import { FORECAST_DAYS, forecast } from '../../src/budget/forecast.js';
import { addDays, localDateOf, startOfDate } from '../../src/budget/local-date.js';
import { type Calibration, uncalibrated, withoutHeaders } from '../../src/metering/calibrate.js';
import type { BudgetState } from '../../src/protocol/documents.js';
import type { Bytes, EpochMs, Interval, Traffic } from '../../src/units.js';
import type { LinkSum } from '../store/link-tables.js';
import type { Store } from '../store/types.js';

/** How a link counts, as far as it is known. */
export type CalibrationOf = (link: string) => { rx: Calibration; tx: Calibration } | undefined;

export interface MeasuredBudget {
  state: BudgetState;
  cycle: Interval;
  /** The moment it was measured at. */
  at: EpochMs;
}

/**
 * @param until what is stored later is left out, because it is about to be added by whoever asks; it may be later
 *   than `at` where the clock was set back
 * @returns undefined when no cycle is under way
 */
export async function measureBudget(
  store: Store,
  calibrationOf: CalibrationOf,
  budget: Budget,
  at: EpochMs,
  until: EpochMs = at,
): Promise<MeasuredBudget | undefined> {
  const part = countedPart(budget, at);
  if (part === undefined) return undefined;
  const counted = { from: part.counted.from, to: Math.max(part.counted.from, until) };
  const { link, limitBytes, timeZone } = budget;
  const days = daysBefore(at, timeZone);
  const since = await store.linkSince(link);
  const [used, ...history] = await store.linkSums(link, [counted, ...days.map(({ period }) => period)]);
  const usedBytes = part.usedBefore + billedBytes(used!, calibrationOf(link));
  const known = days.flatMap(({ date, period }, place) =>
    since === undefined || period.from < since
      ? []
      : [{ date, bytes: billedBytes(history[place]!, calibrationOf(link)) }],
  );
  const expected = forecast({
    cycle: part.cycle,
    now: at,
    usedBytes,
    limitBytes,
    timeZone,
    days: known,
    usedSince: part.counted.from === part.cycle.from ? (since ?? at) : part.cycle.from,
  });
  return { state: budgetState(limitBytes, usedBytes, part.cycle, expected), cycle: part.cycle, at };
}

/** What crossed a link and its owner is billed for: IP-level bytes, but for what stayed on the link itself. */
export function billedBytes(
  sum: LinkSum,
  calibration: { rx: Calibration; tx: Calibration } | undefined,
): Bytes {
  return Math.max(0, carriedBytes(sum, calibration) - sum.lanBytes);
}

export function carriedBytes(
  { rxBytes, txBytes, rxPackets, txPackets }: Traffic,
  { rx, tx } = { rx: uncalibrated(), tx: uncalibrated() },
): Bytes {
  return withoutHeaders(rxBytes, rxPackets, rx) + withoutHeaders(txBytes, txPackets, tx);
}

/** Whole days before today, the oldest first. */
function daysBefore(at: EpochMs, timeZone: string): { date: string; period: Interval }[] {
  const today = localDateOf(at, timeZone);
  return Array.from({ length: FORECAST_DAYS }, (_, place) => {
    const date = addDays(today, place - FORECAST_DAYS);
    return {
      date,
      period: { from: startOfDate(date, timeZone), to: startOfDate(addDays(date, 1), timeZone) },
    };
  });
}
