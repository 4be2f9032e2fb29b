import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isoWeekOf, mondayOfWeek } from '../../../src/time/iso-week.js';
import { weekAround, weekNamed } from '../../../src/time/week.js';

const HOUR = 3_600_000;

test('weeks have the numbers of ISO 8601', () => {
  // As `date -d DATE +%G-W%V` prints them.
  const cases: [string, string][] = [
    ['2026-11-26', '2026-W48'],
    ['2026-01-01', '2026-W01'],
    ['2027-01-03', '2026-W53'],
    ['2027-01-04', '2027-W01'],
    ['2024-12-30', '2025-W01'],
    ['2021-01-03', '2020-W53'],
    ['2023-01-01', '2022-W52'],
  ];
  for (const [date, week] of cases) assert.is(isoWeekOf(date), week, date);
});

test('a name leads to its Monday, and what is no week to nothing', () => {
  assert.is(mondayOfWeek('2026-W48'), '2026-11-23');
  assert.is(mondayOfWeek('2026-W53'), '2026-12-28');
  for (const wrong of ['2025-W53', '2026-W00', '2026-W54', '2026-48', 'last', '']) {
    assert.is(mondayOfWeek(wrong), undefined, wrong);
  }
});

test('weeks begin on the local Monday, and are as long as daylight saving makes them', () => {
  // Berlin went from UTC+2 to UTC+1 on 2026-10-25, and from UTC+1 to UTC+2 on 2026-03-29.
  const autumn = weekNamed('2026-W43', 'Europe/Berlin');
  assert.equal(autumn, { from: Date.UTC(2026, 9, 18, 22), to: Date.UTC(2026, 9, 25, 23) });
  const spring = weekNamed('2026-W13', 'Europe/Berlin')!;
  assert.is(spring.to - spring.from, (7 * 24 - 1) * HOUR);
  assert.equal(weekNamed('2026-W48', 'Pacific/Kiritimati'), {
    from: Date.UTC(2026, 10, 22, 10),
    to: Date.UTC(2026, 10, 29, 10),
  });
});

test('the week around an instant: its last instant is the next one’s first, and belongs to it', () => {
  const { from, to } = weekAround(Date.UTC(2026, 10, 26, 12), 'America/New_York', 0);
  assert.equal([from, to], [Date.UTC(2026, 10, 23, 5), Date.UTC(2026, 10, 30, 5)]);
  assert.is(weekAround(to, 'America/New_York', 0).from, from);
  assert.is(weekAround(to + 1, 'America/New_York', 0).from, to);
  assert.equal(weekAround(to + 1, 'America/New_York', 1), { from, to });
});

test('an unknown time zone is named', () => {
  assert.throws(() => weekAround(0, 'Mars/Olympus', 0), /Mars\/Olympus/);
});

test.run();
