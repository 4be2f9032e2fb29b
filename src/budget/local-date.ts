/** Calendar dates of a time zone, and the instants at which they begin. */
import { NetmeterError } from '../errors.js';
import type { EpochMs } from '../units.js';

/** `YYYY-MM-DD`; texts of this form sort as the dates do. */
export type LocalDate = string;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Zones are at most 14 hours from UTC, and have been 15. */
const FARTHEST = 16 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws NetmeterError `usage` for an unknown time zone */
export function localDateOf(at: EpochMs, timeZone: string): LocalDate {
  // Years of less than four digits, and negative ones, do not occur in what is metered.
  const parts = formatOf(timeZone).formatToParts(at);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/**
 * The first instant of a date: midnight, or where clocks skip midnight, the moment they do. Of a date that a
 * zone skipped as a whole, the first instant of the next one.
 */
export function startOfDate(date: LocalDate, timeZone: string): EpochMs {
  const middle = utcOf(date);
  const guess = middle - offsetAt(middle, timeZone);
  if (isStart(guess, date, timeZone)) return guess;
  let before = middle - FARTHEST;
  let after = middle + FARTHEST;
  while (localDateOf(after, timeZone) < date) after += HOUR;
  while (after - before > 1) {
    const between = Math.floor((before + after) / 2);
    if (localDateOf(between, timeZone) >= date) after = between;
    else before = between;
  }
  return after;
}

/** The date so many days later, or earlier. */
export function addDays(date: LocalDate, days: number): LocalDate {
  return dateText(new Date(utcOf(date) + days * DAY));
}

export function daysBetween(from: LocalDate, to: LocalDate): number {
  return Math.round((utcOf(to) - utcOf(from)) / DAY);
}

/** 1 for Monday to 7 for Sunday, as in ISO 8601. */
export function weekdayOf(date: LocalDate): number {
  return new Date(utcOf(date)).getUTCDay() || 7;
}

/** The date in a month, or the month's last one when it is not that long. @param month 0 to 11, or beyond */
export function dateInMonth(year: number, month: number, day: number): LocalDate {
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return dateText(new Date(Date.UTC(year, month, Math.min(day, last))));
}

/**
 * @param text `YYYY-MM-DD`
 * @throws NetmeterError `usage` for what is no date between 2000 and 2199
 */
export function parseDate(text: string): LocalDate {
  const isDate =
    /^2[01]\d\d-\d\d-\d\d$/.test(text) &&
    !Number.isNaN(utcOf(text)) &&
    dateText(new Date(utcOf(text))) === text;
  if (isDate) return text;
  throw new NetmeterError('usage', `"${text}" is no date`, { hint: 'Dates look like 2026-11-30.' });
}

/** @throws NetmeterError `usage` */
export function requireTimeZone(timeZone: string): string {
  formatOf(timeZone);
  return timeZone;
}

function isStart(at: EpochMs, date: LocalDate, timeZone: string): boolean {
  return localDateOf(at, timeZone) === date && localDateOf(at - 1, timeZone) < date;
}

function utcOf(date: LocalDate): EpochMs {
  return Date.parse(`${date}T00:00:00Z`);
}

function dateText(at: Date): LocalDate {
  return at.toISOString().slice(0, 10);
}

/** How far the zone's clocks are ahead of UTC. */
function offsetAt(at: EpochMs, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(at);
  const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value ?? 0);
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return local - at;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, format);
    return format;
  } catch (cause) {
    throw new NetmeterError('usage', `${JSON.stringify(timeZone)} is no time zone`, {
      hint: 'Use a name such as Europe/Berlin or UTC.',
      cause,
    });
  }
}
