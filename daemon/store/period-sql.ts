import { bucketEnd, type Family, HOUR } from './tables.js';

/**
 * SQL for the rows of periods, as the table `parts`: whole hours are read from hours and days, where they
 * are few; what a period has of an hour at either end is read from seconds and minutes as long as these
 * are kept. So a period that begins and ends within hours is exact to the row for a month, and its answer
 * does not take longer for the seconds in its middle. Being one statement, it sees one state.
 *
 * To be followed by a SELECT. Its parameter ?1 is a JSON array of [since, until] in whole milliseconds;
 * `parts.period` is the place in it.
 */
export function partsOf(family: Family): string {
  const { name, key, sums } = family;
  const some = [key, ...sums].map((column) => `row.${column}`).join(', ');
  const from = (range: string, level: string) =>
    `SELECT ${range}.period, ${some} FROM ${range} CROSS JOIN ${name}_${level} row
      ON row.ended_at > ${range}.since AND row.ended_at <= ${range}.until`;
  return `
WITH fine (since) AS (SELECT fine_since FROM state),
asked (period, since, until) AS (SELECT key, value ->> 0, value ->> 1 FROM json_each(?1)),
whole (period, since, until) AS (
  SELECT period,
    iif(asked.since < fine.since, asked.since, ${bucketEnd('asked.since', HOUR)}),
    iif(asked.until <= fine.since, asked.until, ${bucketStart('asked.until')})
  FROM asked, fine
),
edges (period, since, until) AS (
  SELECT period, asked.since, min(${bucketEnd('asked.since', HOUR)}, asked.until)
    FROM asked, fine WHERE asked.since >= fine.since
  UNION ALL
  SELECT period,
    max(${bucketStart('asked.until')},
      iif(asked.since >= fine.since, min(${bucketEnd('asked.since', HOUR)}, asked.until), 0)),
    asked.until
    FROM asked, fine WHERE asked.until > fine.since
),
parts AS (
  ${from('whole', 'hours')}
  UNION ALL ${from('whole', 'days')}
  UNION ALL ${from('edges', 'seconds')}
  UNION ALL ${from('edges', 'minutes')}
)`;
}

/** Periods as the parameter of `partsOf`. Bounds beyond what JavaScript's dates can be are brought back to it. */
export function periodsParameter(periods: readonly { since: number; until: number }[]): string {
  return JSON.stringify(periods.map(({ since, until }) => [inRange(since), inRange(until)]));
}

/** The largest time value of ECMAScript, https://tc39.es/ecma262/#sec-time-values-and-time-range. */
const MAX_TIME = 8.64e15;

export function inRange(instant: number): number {
  return Math.min(MAX_TIME, Math.max(0, Math.trunc(instant)));
}

function bucketStart(instant: string): string {
  return `${instant} / ${HOUR} * ${HOUR}`;
}
