import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Budget, countedPart } from '../../../src/budget/budget.js';
import { budgetWarnings } from '../../../src/budget/budget-warnings.js';
import { type ForecastInput, forecast } from '../../../src/budget/forecast.js';
import { addDays, weekdayOf } from '../../../src/budget/local-date.js';
import { decide, THRESHOLDS } from '../../../src/budget/thresholds.js';

const DAY = 86_400_000;
const GB = 1e9;
const CYCLE = { from: Date.parse('2026-11-01'), to: Date.parse('2026-12-01') };
const input = (more: Partial<ForecastInput>): ForecastInput => ({
  cycle: CYCLE,
  now: CYCLE.from + 10 * DAY,
  usedBytes: GB,
  limitBytes: 5 * GB,
  timeZone: 'UTC',
  days: [],
  usedSince: 0,
  ...more,
});

test('simple: the pace so far goes on to the end', () => {
  const found = forecast(input({}));
  assert.equal([found?.bytes, found?.basis, found?.runsOutAt], [3 * GB, 'simple', undefined]);
  const over = forecast(input({ usedBytes: 2.5 * GB }));
  assert.is(over?.bytes, 7.5 * GB);
  assert.is(over?.runsOutAt, CYCLE.from + 20 * DAY);
  assert.is(
    forecast(input({ usedBytes: 6 * GB }))?.runsOutAt,
    CYCLE.from + 10 * DAY,
    'it is used up already',
  );
});

test('counting that began within the cycle is the pace of the time since; a few hours tell nothing', () => {
  assert.is(forecast(input({ usedSince: CYCLE.from + 8 * DAY }))?.bytes, 11 * GB);
  assert.is(forecast(input({ usedSince: CYCLE.from + 9.5 * DAY })), undefined);
  assert.is(forecast(input({ now: CYCLE.from + 0.9 * DAY })), undefined);
});

/** Weeks in which every Saturday takes a GB and other days nothing. */
const weeks = (count: number) =>
  Array.from({ length: 7 * count }, (_, place) => {
    const date = addDays('2026-11-11', place - 7 * count);
    return { date, bytes: weekdayOf(date) === 6 ? GB : 0 };
  });

test('by weekdays once there are three of each; before, simple', () => {
  assert.is(forecast(input({ days: weeks(2) }))?.basis, 'simple');
  // 2026-11-11 to the end of the month: Saturdays 14, 21 and 28.
  const found = forecast(input({ days: weeks(3) }));
  assert.equal([found?.bytes, found?.basis], [4 * GB, 'weekdays']);
  const tight = forecast(input({ days: weeks(3), limitBytes: 2.5 * GB }));
  assert.is(tight?.runsOutAt, Date.parse('2026-11-21T12:00Z'), 'half of the second Saturday');
});

test('the weekdays tell already on the first day of a cycle, and only what is left of today counts', () => {
  const saturday = Date.parse('2026-11-14T18:00Z');
  const cycle = { from: Date.parse('2026-11-14'), to: Date.parse('2026-11-15') };
  assert.is(forecast(input({ cycle, now: saturday, usedBytes: 0, days: weeks(4) }))?.bytes, GB / 4);
});

test('a forecast is never less than what is used, and what it says lasts', () => {
  const amount = fc.integer({ min: 0, max: 20 * GB });
  fc.assert(
    fc.property(
      amount,
      amount,
      fc.integer({ min: 1, max: 30 * DAY }),
      fc.nat(8),
      (usedBytes, limit, elapsed, count) => {
        const limitBytes = limit + 1;
        const now = CYCLE.from + elapsed;
        const found = forecast(input({ usedBytes, limitBytes, now, days: weeks(count) }));
        if (found === undefined) return;
        assert.ok(found.bytes >= usedBytes);
        if (found.bytes > limitBytes) assert.ok(found.runsOutAt !== undefined);
        if (found.runsOutAt !== undefined) assert.ok(found.runsOutAt >= now && found.runsOutAt <= CYCLE.to);
      },
    ),
  );
});

const nothing = { thresholds: [], forecast: false };

test('several thresholds passed at once are one warning, the highest', () => {
  assert.is(decide(96, 100, undefined, nothing).threshold, 95);
  assert.equal(decide(96, 100, undefined, nothing).given.thresholds, [50, 80, 95]);
  assert.is(decide(49, 100, undefined, nothing).threshold, undefined);
});

test('hysteresis: a little less and more again is no news, much less is', () => {
  const passed = decide(81, 100, undefined, nothing).given;
  const less = decide(76, 100, undefined, passed);
  assert.is(decide(81, 100, undefined, less.given).threshold, undefined);
  const muchLess = decide(60, 100, undefined, passed);
  assert.is(decide(81, 100, undefined, muchLess.given).threshold, 80);
});

test('the forecast is told once while it holds, and not to who knows that nearly all is used', () => {
  const told = decide(30, 100, 130, nothing);
  assert.is(told.forecast, true);
  assert.is(decide(31, 100, 101, told.given).forecast, false);
  assert.is(decide(31, 100, 131, decide(31, 100, 101, told.given).given).forecast, false);
  const better = decide(31, 100, 80, told.given);
  assert.is(decide(40, 100, 130, better.given).forecast, true);
  assert.is(decide(96, 100, 130, nothing).forecast, false);
  assert.is(decide(30, 100, undefined, told.given).given.forecast, true, 'unknown is no news');
});

test('whatever use does as it grows, each threshold is told at most once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { maxLength: 40 }), (steps) => {
      const keys = new Set<string>();
      const told: string[] = [];
      let usedBytes = 0;
      for (const step of steps) {
        usedBytes += step;
        const use = { link: 'a', limitBytes: 1000, usedBytes, cycle: CYCLE, timeZone: 'UTC' };
        const { raise, end } = budgetWarnings(
          { ...use, forecastBytes: undefined, runsOutAt: undefined },
          (key) => keys.has(key),
        );
        assert.equal(end, []);
        for (const warning of raise) {
          assert.not(keys.has(warning.key));
          keys.add(warning.key);
          if (warning.told) told.push(warning.key);
        }
        assert.ok(raise.filter((warning) => warning.told).length <= 1);
      }
      assert.is(keys.size, THRESHOLDS.filter((threshold) => usedBytes * 100 >= threshold * 1000).length);
      assert.is(new Set(told).size, told.length);
    }),
  );
});

test('what the carrier says has been used counts in the cycle that it was said in, and no longer', () => {
  const budget: Budget = {
    link: 'a',
    limitBytes: 5 * GB,
    cycle: { kind: 'monthly', day: 1 },
    timeZone: 'UTC',
    setAt: CYCLE.from + 5 * DAY,
    usedBefore: 2 * GB,
  };
  const part = countedPart(budget, CYCLE.from + 10 * DAY);
  assert.equal([part?.usedBefore, part?.counted.from], [2 * GB, CYCLE.from + 5 * DAY]);
  const next = countedPart(budget, CYCLE.to + DAY);
  assert.equal([next?.usedBefore, next?.counted.from], [0, CYCLE.to]);
});

test.run();
