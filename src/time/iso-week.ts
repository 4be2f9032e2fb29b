/** Weeks as ISO 8601 numbers them: from Monday to Sunday, the first one with the year's first Thursday. */

const DAY = 86_400_000;
const PATTERN = /^(\d{4})-W(\d{2})$/;

/** `2026-W48` for the date `2026-11-26`. */
export function isoWeekOf(date: string): string {
  const thursday = Date.parse(mondayOf(date)) + 3 * DAY;
  const year = new Date(thursday).getUTCFullYear();
  const number = 1 + Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * DAY));
  return `${year}-W${String(number).padStart(2, '0')}`;
}

/** The date of the Monday on or before a date. */
export function mondayOf(date: string): string {
  const at = Date.parse(date);
  const sinceMonday = (new Date(at).getUTCDay() + 6) % 7;
  return dateOf(at - sinceMonday * DAY);
}

/** The date of a week's Monday; undefined for what is no week. */
export function mondayOfWeek(week: string): string | undefined {
  const [, year, number] = PATTERN.exec(week) ?? [];
  if (year === undefined) return undefined;
  // January 4 is always in the first week.
  const first = Date.parse(mondayOf(`${year}-01-04`));
  const monday = dateOf(first + (Number(number) - 1) * 7 * DAY);
  return isoWeekOf(monday) === week ? monday : undefined;
}

/** A date some days later. */
export function addDays(date: string, days: number): string {
  return dateOf(Date.parse(date) + days * DAY);
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 'YYYY-MM-DD'.length);
}
