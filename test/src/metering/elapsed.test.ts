import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { elapsedBetween } from '../../../src/metering/elapsed.js';

const NOON = Date.UTC(2026, 0, 15, 12);
const HOUR = 3_600_000;
const TICK = 1000;

test('a tick', () => {
  const elapsed = elapsedBetween({ wall: NOON, boot: 5000 }, { wall: NOON + 1003, boot: 6003 }, TICK);
  assert.equal(elapsed, {
    ms: 1003,
    interval: { from: NOON, to: NOON + 1003 },
    clockJump: undefined,
    gap: false,
  });
});

test('a suspended machine and a daemon that was down are gaps, and no jump of the clock', () => {
  const later = { wall: NOON + 8 * HOUR, boot: 5000 + 8 * HOUR };
  const elapsed = elapsedBetween({ wall: NOON, boot: 5000 }, later, TICK);
  assert.is(elapsed.ms, 8 * HOUR);
  assert.equal(elapsed.interval, { from: NOON, to: NOON + 8 * HOUR });
  assert.is(elapsed.clockJump, undefined);
  assert.ok(elapsed.gap);
});

test('a clock that is set forward makes no long interval', () => {
  const later = { wall: NOON + 24 * HOUR + 1000, boot: 6000 };
  const elapsed = elapsedBetween({ wall: NOON, boot: 5000 }, later, TICK);
  assert.is(elapsed.clockJump, 24 * HOUR);
  assert.equal(elapsed.interval, { from: NOON + 24 * HOUR, to: NOON + 24 * HOUR + 1000 });
  assert.not(elapsed.gap);
});

test('a clock that is set back makes no negative interval', () => {
  const elapsed = elapsedBetween({ wall: NOON, boot: 5000 }, { wall: NOON - HOUR, boot: 6000 }, TICK);
  assert.is(elapsed.clockJump, -HOUR - 1000);
  assert.equal(elapsed.interval, { from: NOON - HOUR - 1000, to: NOON - HOUR });
});

test('a disciplined clock has not jumped, however long it took', () => {
  // 100 ppm over a day: 8.6 s.
  const later = { wall: NOON + 24 * HOUR + 8640, boot: 24 * HOUR };
  const elapsed = elapsedBetween({ wall: NOON, boot: 0 }, later, TICK);
  assert.is(elapsed.clockJump, undefined);
});

test('an interval is as long as the time that passed, give or take what clocks are disciplined by', () => {
  const moment = fc.record({ wall: fc.nat(NOON * 2), boot: fc.nat(1e10) });
  void fc.assert(
    fc.property(moment, moment, (a, b) => {
      const [from, to] = a.boot <= b.boot ? [a, b] : [b, a];
      const { ms, interval } = elapsedBetween(from, to, TICK);
      assert.is(ms, to.boot - from.boot);
      assert.is(interval.to, to.wall);
      assert.ok(Math.abs(interval.to - interval.from - ms) <= 250 + ms / 2000);
    }),
  );
});

test.run();
