import type { EpochMs, Interval } from '../units.js';
import { addDays, mondayOf, mondayOfWeek } from './iso-week.js';
import { LocalDays } from './local-days.js';

/** Noon is on its date in every time zone's own clock, whatever daylight saving does at midnight. */
const HALF_DAY = 43_200_000;
/** The widest offsets from UTC are −12 and +14 hours. */
const FARTHEST = 14 * 3_600_000;

/**
 * The week that an instant is in, `weeksBack` weeks earlier, from Monday's first instant to the next one's.
 * @throws NetmeterError `usage` for an unknown time zone
 */
export function weekAround(at: EpochMs, timeZone: string, weeksBack: number): Interval {
  const days = new LocalDays(timeZone);
  const monday = addDays(mondayOf(days.at(at).date), -7 * weeksBack);
  return weekFrom(monday, days);
}

/**
 * The week of a name such as `2026-W48`; undefined for what is none.
 * @throws NetmeterError `usage` for an unknown time zone
 */
export function weekNamed(name: string, timeZone: string): Interval | undefined {
  const monday = mondayOfWeek(name);
  return monday === undefined ? undefined : weekFrom(monday, new LocalDays(timeZone));
}

function weekFrom(monday: string, days: LocalDays): Interval {
  return { from: firstInstantOf(monday, days), to: firstInstantOf(addDays(monday, 7), days) };
}

/** Where a date was skipped at the date line, the one after it. */
function firstInstantOf(date: string, days: LocalDays): EpochMs {
  const noon = Date.parse(date) + HALF_DAY;
  const around = days.covering(noon - FARTHEST - HALF_DAY, noon + FARTHEST + HALF_DAY);
  return (around.find((day) => day.date >= date) ?? around[0])?.since ?? noon;
}
