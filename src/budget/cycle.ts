/** Billing cycles: when a budget begins anew. Days are those of the time zone that the budget was set in. */
import type { EpochMs, Interval } from '../units.js';
import {
  addDays,
  dateInMonth,
  daysBetween,
  type LocalDate,
  localDateOf,
  startOfDate,
  weekdayOf,
} from './local-date.js';

export type Cycle =
  /** On this day of the month, or on its last day where the month is shorter. */
  | { kind: 'monthly'; day: number }
  /** 1 for Monday to 7 for Sunday. */
  | { kind: 'weekly'; weekday: number }
  /** Every so many days, counted from a date. */
  | { kind: 'fixed'; days: number; from: LocalDate }
  /** A package that is bought once: good from the beginning of one date to the end of another. */
  | { kind: 'once'; from: LocalDate; expires: LocalDate };

/**
 * The cycle that an instant is in, `from` excluded and `to` included as in all intervals, so that a cycle
 * begins right after midnight.
 * @returns undefined before and after the one cycle of `once`
 */
export function cycleAt(cycle: Cycle, at: EpochMs, timeZone: string): Interval | undefined {
  const today = localDateOf(at - 1, timeZone);
  const dates = datesAround(cycle, today);
  if (dates === undefined) return undefined;
  return { from: startOfDate(dates.first, timeZone), to: startOfDate(dates.next, timeZone) };
}

/** First date of the cycle that a date is in, and of the one after it. */
function datesAround(cycle: Cycle, today: LocalDate): { first: LocalDate; next: LocalDate } | undefined {
  switch (cycle.kind) {
    case 'monthly':
      return monthAround(cycle.day, today);
    case 'weekly': {
      const first = addDays(today, -((weekdayOf(today) - cycle.weekday + 7) % 7));
      return { first, next: addDays(first, 7) };
    }
    case 'fixed': {
      const past = Math.floor(daysBetween(cycle.from, today) / cycle.days);
      const first = addDays(cycle.from, past * cycle.days);
      return { first, next: addDays(first, cycle.days) };
    }
    case 'once': {
      if (today < cycle.from || today > cycle.expires) return undefined;
      return { first: cycle.from, next: addDays(cycle.expires, 1) };
    }
  }
}

function monthAround(day: number, today: LocalDate): { first: LocalDate; next: LocalDate } {
  const [year = 0, month = 1] = today.split('-').map(Number);
  const thisMonths = dateInMonth(year, month - 1, day);
  if (today < thisMonths) return { first: dateInMonth(year, month - 2, day), next: thisMonths };
  return { first: thisMonths, next: dateInMonth(year, month, day) };
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** For people: `monthly on the 12th`, `weekly on Monday`. */
export function describeCycle(cycle: Cycle): string {
  switch (cycle.kind) {
    case 'monthly':
      return `monthly, from day ${cycle.day}`;
    case 'weekly':
      return `weekly, from ${WEEKDAYS[cycle.weekday - 1]}`;
    case 'fixed':
      return `every ${cycle.days} days, from ${cycle.from}`;
    case 'once':
      return `once, ${cycle.from} to ${cycle.expires}`;
  }
}
