import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LocalDays } from '../../../src/time/local-days.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Transitions as `zdump -v` prints them (tzdata 2025b): the first instant of a local day and its length in hours. */
const KNOWN = [
  ['Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29', 23],
  ['Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25', 25],
  ['Europe/Berlin', '2026-06-30T22:00:00Z', '2026-07-01', 24],
  ['America/New_York', '2026-03-08T05:00:00Z', '2026-03-08', 23],
  ['Australia/Lord_Howe', '2026-04-04T13:00:00Z', '2026-04-05', 24.5],
  ['Asia/Kolkata', '2026-01-31T18:30:00Z', '2026-02-01', 24],
  ['Pacific/Kiritimati', '2026-01-31T10:00:00Z', '2026-02-01', 24],
  // Midnight itself is skipped: the day begins at 01:00.
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z', '2018-11-04', 23],
  // The hour before midnight comes twice.
  ['America/Sao_Paulo', '2018-02-17T02:00:00Z', '2018-02-17', 25],
  // A whole date is skipped.
  ['Pacific/Apia', '2011-12-29T10:00:00Z', '2011-12-29', 24],
  ['Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-31', 24],
  ['UTC', '2024-02-29T00:00:00Z', '2024-02-29', 24],
] as const;

test('days begin and end where the zone says', () => {
  for (const [zone, start, date, hours] of KNOWN) {
    const days = new LocalDays(zone);
    const since = Date.parse(start);
    const day = { date, since, until: since + hours * HOUR };
    for (const instant of [since + 1, since + 6 * HOUR, day.until - 1, day.until]) {
      assert.equal(days.at(instant), day, `${zone} at ${new Date(instant).toISOString()}`);
    }
    assert.is(days.at(since).until, since);
    assert.equal(days.covering(since, day.until), [day]);
  }
});

test('the days of a period follow each other without a gap', () => {
  const zones = fc.constantFrom(...new Set(KNOWN.map(([zone]) => zone)));
  const instant = fc.integer({ min: Date.UTC(2010, 0), max: Date.UTC(2027, 0) });
  fc.assert(
    fc.property(zones, instant, fc.integer({ min: 1, max: 40 * DAY }), (zone, since, length) => {
      const days = new LocalDays(zone).covering(since, since + length);
      assert.ok(days[0]!.since <= since && days[0]!.until > since);
      assert.ok(days.at(-1)!.since < since + length && days.at(-1)!.until >= since + length);
      for (const [place, day] of days.slice(1).entries()) {
        assert.is(day.since, days[place]!.until);
        assert.ok(day.date > days[place]!.date);
      }
    }),
    { numRuns: 60 },
  );
});

test('an empty period has no days, and an unknown zone is an error of use', () => {
  assert.equal(new LocalDays('UTC').covering(5, 5), []);
  assert.throws(
    () => new LocalDays('Mars/Olympus'),
    (error: { code: string; message: string }) =>
      error.code === 'usage' && error.message.includes('Mars/Olympus'),
  );
});

test.run();
