import type { ReportDocument } from '../protocol/documents.js';
import { isoWeekOf } from '../time/iso-week.js';
import { weekNamed } from '../time/week.js';
import type { Interval } from '../units.js';

type Days = ReportDocument['days'];

const DAYS_OF_A_WEEK = 7;

/** Days added up by ISO week. A sum is null where no day of the week knows its part, as for days. */
export function weeksOf(days: Days, period: Interval, timeZone: string): ReportDocument['weeks'] {
  return [...byWeek(days)].map(([week, own]) => ({
    week,
    isWhole: own.length === DAYS_OF_A_WEEK && isIn(period, weekNamed(week, timeZone)),
    usedBytes: own.reduce((sum, { usedBytes }) => sum + usedBytes, 0),
    savedBytes: sumOfKnown(own.map(({ savedBytes }) => savedBytes)),
    headlineBytes: sumOfKnown(own.map(({ headlineBytes }) => headlineBytes)),
  }));
}

function isIn(period: Interval, week: Interval | undefined): boolean {
  return week !== undefined && week.from >= period.from && week.to <= period.to;
}

function sumOfKnown(figures: readonly (number | null)[]): number | null {
  const known = figures.filter((figure) => figure !== null);
  return known.length === 0 ? null : known.reduce((sum, figure) => sum + figure, 0);
}

function byWeek(days: Days): Map<string, Days> {
  const weeks = new Map<string, Days>();
  for (const day of days) {
    const week = isoWeekOf(day.date);
    const known = weeks.get(week);
    if (known === undefined) weeks.set(week, [day]);
    else known.push(day);
  }
  return weeks;
}
