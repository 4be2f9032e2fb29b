/** How much a cycle will have used at its end, from what was used so far and on days before. */
import type { Bytes, EpochMs, Interval } from '../units.js';
import { addDays, type LocalDate, localDateOf, startOfDate, weekdayOf } from './local-date.js';

export interface Forecast {
  bytes: Bytes;
  /** `weekdays`: by what each weekday used in the weeks before; `simple`: at the pace of this cycle so far. */
  basis: 'weekdays' | 'simple';
  /** When the budget will be used up; undefined when it lasts. */
  runsOutAt: EpochMs | undefined;
}

export interface ForecastInput {
  cycle: Interval;
  now: EpochMs;
  usedBytes: Bytes;
  limitBytes: Bytes;
  timeZone: string;
  /** Whole days before today, as far as they were metered. */
  days: readonly { date: LocalDate; bytes: Bytes }[];
  /** Since when `usedBytes` were used: the cycle's beginning, or later where counting began later. */
  usedSince: EpochMs;
}

/** Each weekday this often, before its pattern is believed. */
const WEEKS_NEEDED = 3;
/** Days that are looked back at. */
export const FORECAST_DAYS = 56;
const DAY = 86_400_000;

/** @returns undefined while too little is known: less than a day of this cycle, and of the weeks before */
export function forecast(input: ForecastInput): Forecast | undefined {
  const means = weekdayMeans(input);
  return means === undefined ? simple(input) : byWeekdays(input, means);
}

function simple({ cycle, now, usedBytes, limitBytes, usedSince }: ForecastInput): Forecast | undefined {
  const elapsed = now - Math.max(cycle.from, usedSince);
  // What an hour used says nothing yet about the days that are to come.
  if (elapsed < DAY) return undefined;
  const rest = (usedBytes / elapsed) * (cycle.to - now);
  const parts = [{ until: cycle.to, bytes: rest }];
  return {
    bytes: Math.round(usedBytes + rest),
    basis: 'simple',
    runsOutAt: runsOut(now, usedBytes, limitBytes, parts),
  };
}

/** Mean bytes per weekday, 1 for Monday; undefined unless each was there often enough. */
function weekdayMeans({ days }: ForecastInput): ReadonlyMap<number, number> | undefined {
  const sums = new Map<number, { count: number; bytes: number }>();
  for (const { date, bytes } of days.slice(-FORECAST_DAYS)) {
    const sum = sums.get(weekdayOf(date)) ?? { count: 0, bytes: 0 };
    sums.set(weekdayOf(date), { count: sum.count + 1, bytes: sum.bytes + bytes });
  }
  if (sums.size < 7 || [...sums.values()].some(({ count }) => count < WEEKS_NEEDED)) return undefined;
  return new Map([...sums].map(([weekday, { count, bytes }]) => [weekday, bytes / count]));
}

function byWeekdays(input: ForecastInput, means: ReadonlyMap<number, number>): Forecast {
  const { cycle, now, usedBytes, limitBytes, timeZone } = input;
  const parts: Part[] = [];
  for (let date = localDateOf(now, timeZone); ; date = addDays(date, 1)) {
    const start = startOfDate(date, timeZone);
    if (start >= cycle.to) break;
    const end = startOfDate(addDays(date, 1), timeZone);
    if (end <= start) continue;
    const share = (Math.min(end, cycle.to) - Math.max(start, now)) / (end - start);
    parts.push({
      until: Math.min(end, cycle.to),
      bytes: (means.get(weekdayOf(date)) ?? 0) * Math.max(0, share),
    });
  }
  const bytes = Math.round(parts.reduce((sum, part) => sum + part.bytes, usedBytes));
  return { bytes, basis: 'weekdays', runsOutAt: runsOut(now, usedBytes, limitBytes, parts) };
}

/** What is expected from the part before, or from now, until this instant. */
interface Part {
  until: EpochMs;
  bytes: number;
}

function runsOut(now: EpochMs, used: Bytes, limit: Bytes, parts: readonly Part[]): EpochMs | undefined {
  let [at, sum] = [now, used];
  if (sum >= limit) return now;
  for (const { until, bytes } of parts) {
    if (sum + bytes >= limit && bytes > 0) return Math.round(at + ((until - at) * (limit - sum)) / bytes);
    sum += bytes;
    at = until;
  }
  return undefined;
}
