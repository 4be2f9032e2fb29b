import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BYTES,
  type CounterLimits,
  counterDelta,
  type DeltaProblem,
  deltaProblem,
  LINK_BYTES,
  PACKETS,
} from '../../../src/metering/deltas.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const GB = 1e9;

interface Case {
  about: string;
  before: number | undefined;
  now: number | undefined;
  elapsed: number;
  limits: CounterLimits;
  delta?: number;
  problem?: DeltaProblem;
}

const cases: Case[] = [
  { about: 'nothing moved', before: 7, now: 7, elapsed: SECOND, limits: BYTES, delta: 0 },
  { about: 'a tick', before: 100, now: 1600, elapsed: SECOND, limits: BYTES, delta: 1500 },
  {
    about: 'no earlier value',
    before: undefined,
    now: 5,
    elapsed: SECOND,
    limits: BYTES,
    problem: 'missing',
  },
  { about: 'no later value', before: 5, now: undefined, elapsed: SECOND, limits: BYTES, problem: 'missing' },
  { about: 'a reset', before: 5000, now: 20, elapsed: SECOND, limits: BYTES, problem: 'reset' },
  { about: 'a reset to zero', before: 1, now: 0, elapsed: SECOND, limits: BYTES, problem: 'reset' },
  {
    about: 'a 64-bit value that never wraps',
    before: 2 ** 32 - 1,
    now: 9,
    elapsed: SECOND,
    limits: BYTES,
    problem: 'reset',
  },
  {
    about: 'a wrap of 32 bits',
    before: 2 ** 32 - 100,
    now: 50,
    elapsed: SECOND,
    limits: LINK_BYTES,
    delta: 150,
  },
  {
    about: 'a wrap from the last value',
    before: 2 ** 32 - 1,
    now: 0,
    elapsed: SECOND,
    limits: LINK_BYTES,
    delta: 1,
  },
  {
    about: 'a link that was reset, far from a wrap',
    before: 3 * GB,
    now: 10,
    elapsed: SECOND,
    limits: LINK_BYTES,
    problem: 'reset',
  },
  {
    about: 'a link beyond 32 bits',
    before: 2 ** 32,
    now: 10,
    elapsed: SECOND,
    limits: LINK_BYTES,
    problem: 'reset',
  },
  {
    about: 'a wrap during a gap that allows it',
    before: 3 * GB,
    now: 10,
    elapsed: 30 * SECOND,
    limits: LINK_BYTES,
    delta: 2 ** 32 - 3 * GB + 10,
  },
  { about: 'a long gap', before: 1, now: 40 * GB, elapsed: HOUR, limits: BYTES, delta: 40 * GB - 1 },
  { about: 'a suspended night', before: 5, now: 5, elapsed: 8 * HOUR, limits: BYTES, delta: 0 },
  {
    about: 'a driver that starts again after a suspended night',
    before: 5 * GB,
    now: 0,
    elapsed: 8 * HOUR,
    limits: LINK_BYTES,
    problem: 'reset',
  },
  {
    about: 'the fastest link',
    before: 0,
    now: 200 * GB,
    elapsed: 2 * SECOND,
    limits: BYTES,
    delta: 200 * GB,
  },
  {
    about: 'more than the fastest link',
    before: 0,
    now: 200 * GB + 1,
    elapsed: 2 * SECOND,
    limits: BYTES,
    problem: 'implausible',
  },
  {
    about: 'more packets than fit on it',
    before: 0,
    now: 3e9,
    elapsed: SECOND,
    limits: PACKETS,
    problem: 'implausible',
  },
  {
    about: 'a driver that catches up in one step',
    before: 0,
    now: 2 * GB,
    elapsed: 1,
    limits: BYTES,
    delta: 2 * GB,
  },
  { about: 'a clock that stood still', before: 10, now: 20, elapsed: 0, limits: BYTES, delta: 10 },
  { about: 'a clock that ran backwards', before: 10, now: 20, elapsed: -HOUR, limits: BYTES, delta: 10 },
  { about: 'a clock that is none', before: 10, now: 20, elapsed: Number.NaN, limits: BYTES, delta: 10 },
  { about: 'a negative value', before: -1, now: 20, elapsed: SECOND, limits: BYTES, problem: 'invalid' },
  { about: 'a fraction', before: 1, now: 20.5, elapsed: SECOND, limits: BYTES, problem: 'invalid' },
  { about: 'no number', before: Number.NaN, now: 20, elapsed: SECOND, limits: BYTES, problem: 'invalid' },
  {
    about: 'a value that is not exact any more',
    before: 1,
    now: 2 ** 53,
    elapsed: HOUR,
    limits: BYTES,
    problem: 'invalid',
  },
];

for (const { about, before, now, elapsed, limits, delta, problem } of cases) {
  test(about, () => {
    assert.is(counterDelta(before, now, elapsed, limits), delta);
    assert.is(deltaProblem(before, now, elapsed, limits), problem);
  });
}

const count = fc.nat(Number.MAX_SAFE_INTEGER);
const anyLimits = fc.constantFrom(BYTES, PACKETS, LINK_BYTES);
const anyElapsed = fc.oneof(fc.integer({ min: -HOUR, max: 1000 * HOUR }), fc.constant(Number.NaN));

test('either a delta or a problem, and a delta is a possible count', () => {
  const value = fc.oneof(count, fc.double(), fc.constant(undefined));
  void fc.assert(
    fc.property(value, value, anyElapsed, anyLimits, (before, now, elapsed, limits) => {
      const delta = counterDelta(before, now, elapsed, limits);
      assert.is(delta === undefined, deltaProblem(before, now, elapsed, limits) !== undefined);
      assert.ok(delta === undefined || (Number.isSafeInteger(delta) && delta >= 0));
    }),
  );
});

test('what a counter counted is what its deltas add up to', () => {
  const steps = fc.array(fc.nat(100e6), { minLength: 1, maxLength: 50 });
  void fc.assert(
    fc.property(fc.nat(2 ** 50), steps, (start, counted) => {
      let value = start;
      let sum = 0;
      for (const step of counted) {
        sum += counterDelta(value, value + step, SECOND, BYTES)!;
        value += step;
      }
      assert.is(sum, value - start);
    }),
  );
});

test('a counter of 32 bits at 1 Gbit/s counts the same as one of 64', () => {
  const steps = fc.array(fc.nat(125e6), { minLength: 1, maxLength: 100 });
  void fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), steps, (start, counted) => {
      let wide = start;
      for (const step of counted) {
        const narrow = wide % 2 ** 32;
        assert.is(counterDelta(narrow, (wide + step) % 2 ** 32, SECOND, LINK_BYTES), step);
        wide += step;
      }
    }),
  );
});

test.run();
