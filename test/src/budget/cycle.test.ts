import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cycle, cycleAt } from '../../../src/budget/cycle.js';
import { addDays, localDateOf, startOfDate } from '../../../src/budget/local-date.js';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'Africa/Cairo',
  'Pacific/Apia',
  'Pacific/Kiritimati',
];
const MINUTE = 60_000;
const DAY = 86_400_000;
const at = (text: string) => Date.parse(text);
const dates = (cycle: Cycle, instant: string, zone = 'UTC') => {
  const found = cycleAt(cycle, at(instant), zone);
  return found === undefined ? undefined : [found.from, found.to].map((it) => new Date(it).toISOString());
};

test('monthly: on its day, on the last day of shorter months, and back on its day', () => {
  const on31: Cycle = { kind: 'monthly', day: 31 };
  assert.equal(dates(on31, '2026-02-10T12:00Z'), ['2026-01-31T00:00:00.000Z', '2026-02-28T00:00:00.000Z']);
  assert.equal(dates(on31, '2026-03-01T12:00Z'), ['2026-02-28T00:00:00.000Z', '2026-03-31T00:00:00.000Z']);
  assert.equal(dates(on31, '2028-03-01T12:00Z'), ['2028-02-29T00:00:00.000Z', '2028-03-31T00:00:00.000Z']);
  assert.equal(dates(on31, '2026-12-31T12:00Z'), ['2026-12-31T00:00:00.000Z', '2027-01-31T00:00:00.000Z']);
  assert.equal(dates({ kind: 'monthly', day: 12 }, '2027-01-05T00:00Z'), [
    '2026-12-12T00:00:00.000Z',
    '2027-01-12T00:00:00.000Z',
  ]);
});

test('midnight itself ends a cycle, the moment after it begins the next', () => {
  const cycle: Cycle = { kind: 'monthly', day: 1 };
  assert.is(dates(cycle, '2026-11-01T00:00Z')?.[1], '2026-11-01T00:00:00.000Z');
  assert.is(dates(cycle, '2026-11-01T00:00:00.001Z')?.[0], '2026-11-01T00:00:00.000Z');
});

test('days are those of the time zone, with 23 and 25 hours where clocks are changed', () => {
  const weekly: Cycle = { kind: 'weekly', weekday: 7 };
  // Clocks go forward on 2026-03-29 and back on 2026-10-25, both Sundays.
  const spring = cycleAt(weekly, at('2026-03-30T12:00Z'), 'Europe/Berlin')!;
  assert.equal(
    [spring.from, spring.to].map((it) => new Date(it).toISOString()),
    ['2026-03-28T23:00:00.000Z', '2026-04-04T22:00:00.000Z'],
  );
  const autumn = cycleAt(weekly, at('2026-10-26T12:00Z'), 'Europe/Berlin')!;
  assert.is(autumn.to - autumn.from, 7 * DAY + 60 * MINUTE);
});

test('where clocks skip midnight, the day begins when they do', () => {
  // America/Sao_Paulo, 2018-11-04: from 23:59:59 to 01:00.
  assert.is(
    new Date(startOfDate('2018-11-04', 'America/Sao_Paulo')).toISOString(),
    '2018-11-04T03:00:00.000Z',
  );
  // Pacific/Apia had no 2011-12-30.
  assert.is(startOfDate('2011-12-30', 'Pacific/Apia'), startOfDate('2011-12-31', 'Pacific/Apia'));
});

test('once: nothing before and nothing after, its last date included', () => {
  const once: Cycle = { kind: 'once', from: '2026-11-10', expires: '2026-11-20' };
  assert.is(dates(once, '2026-11-09T12:00Z'), undefined);
  assert.equal(dates(once, '2026-11-20T23:59Z'), ['2026-11-10T00:00:00.000Z', '2026-11-21T00:00:00.000Z']);
  assert.is(dates(once, '2026-11-21T00:01Z'), undefined);
});

const anyCycle: fc.Arbitrary<Cycle> = fc.oneof(
  fc.record({ kind: fc.constant('monthly' as const), day: fc.integer({ min: 1, max: 31 }) }),
  fc.record({ kind: fc.constant('weekly' as const), weekday: fc.integer({ min: 1, max: 7 }) }),
  fc.record({
    kind: fc.constant('fixed' as const),
    days: fc.integer({ min: 1, max: 400 }),
    from: fc.integer({ min: -500, max: 500 }).map((days) => addDays('2026-01-01', days)),
  }),
);
const anyInstant = fc.integer({ min: at('2005-01-01'), max: at('2045-01-01') });

test('every instant is in one cycle, which begins and ends at the beginning of a date; cycles follow one another', () => {
  fc.assert(
    fc.property(anyCycle, anyInstant, fc.constantFrom(...ZONES), (cycle, instant, zone) => {
      const found = cycleAt(cycle, instant, zone)!;
      assert.ok(found.from < instant && instant <= found.to, 'it contains the instant');
      for (const edge of [found.from, found.to]) {
        assert.is(startOfDate(localDateOf(edge, zone), zone), edge, 'it begins at a date');
      }
      assert.equal(cycleAt(cycle, found.from + 1, zone), found, 'so does its first instant');
      assert.equal(cycleAt(cycle, found.to, zone), found, 'and its last');
      assert.is(cycleAt(cycle, found.to + 1, zone)?.from, found.to, 'the next one follows');
      assert.is(cycleAt(cycle, found.from, zone)?.to, found.from, 'and one went before');
    }),
    { numRuns: 300 },
  );
});

test('a date begins once, after the one before', () => {
  const anyDate = fc.integer({ min: 0, max: 14_000 }).map((days) => addDays('2005-01-01', days));
  fc.assert(
    fc.property(anyDate, fc.constantFrom(...ZONES), (date, zone) => {
      const start = startOfDate(date, zone);
      assert.ok(localDateOf(start, zone) >= date);
      assert.ok(localDateOf(start - 1, zone) < date);
    }),
    { numRuns: 300 },
  );
});

test.run();
