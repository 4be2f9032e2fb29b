import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeBouts, recordBout } from '../../../src/builds/intervals.js';
import { MOST_INTERVALS } from '../../../src/builds/limits.js';

type Bout = [startedAt: number, completedAt: number | undefined];

function merge(bouts: Bout[], end?: number) {
  const known = new Map<number, number | undefined>();
  for (const [startedAt, completedAt] of bouts) recordBout(known, startedAt, completedAt);
  return mergeBouts(known, end).map(({ startedAt, completedAt }) => [startedAt, completedAt]);
}

const TABLE: [what: string, bouts: Bout[], merged: Bout[]][] = [
  ['one', [[1000, 2000]], [[1000, 2000]]],
  [
    'its start told before its end',
    [
      [1000, undefined],
      [1000, 2000],
    ],
    [[1000, 2000]],
  ],
  [
    'its end told before its start again',
    [
      [1000, 2000],
      [1000, undefined],
    ],
    [[1000, 2000]],
  ],
  [
    'a look into the cache before the work',
    [
      [1000, 1000.02],
      [1001, 2000],
    ],
    [[1001, 2000]],
  ],
  [
    'nothing but looks into the cache',
    [
      [1000, 1000.02],
      [1003.2, 1003.4],
    ],
    [[1003, 1003]],
  ],
  [
    'pieces in any order',
    [
      [3000, 4000],
      [1000, 2000],
    ],
    [
      [1000, 2000],
      [3000, 4000],
    ],
  ],
  [
    'pieces that overlap',
    [
      [1000, 2000],
      [1500, 3000],
      [2900, 2950],
    ],
    [[1000, 3000]],
  ],
  [
    'pieces that touch',
    [
      [1000, 2000],
      [2000, 3000],
    ],
    [[1000, 3000]],
  ],
  ['one that runs', [[1000, undefined]], [[1000, undefined]]],
  [
    'one that runs over one that ended',
    [
      [1000, undefined],
      [1500, 2000],
    ],
    [[1000, undefined]],
  ],
  ['an end before its start', [[1000, 900]], [[1000, 1000]]],
];

for (const [what, bouts, merged] of TABLE) {
  test(`merges ${what}`, () => assert.equal(merge(bouts), merged));
}

test('what never ended ends with its build, not before it began', () => {
  assert.equal(merge([[1000, undefined]], 1500), [[1000, 1500]]);
  assert.equal(merge([[1000, undefined]], 500), [[1000, 1000]]);
});

test('merged intervals cover the same milliseconds as the bouts, looks into the cache aside', () => {
  const bout = fc.tuple(fc.nat(300), fc.integer({ min: 2, max: 60 }));
  void fc.assert(
    fc.property(fc.array(bout, { minLength: 1, maxLength: 20 }), (drawn) => {
      const bouts = new Map(drawn.map(([start, length]) => [start, start + length]));
      const covers = (pairs: Iterable<readonly [number, number | undefined]>, at: number) =>
        [...pairs].some(([start, end]) => at >= start && at < end!);
      const merged = mergeBouts(bouts, undefined).map(
        ({ startedAt, completedAt }) => [startedAt, completedAt] as const,
      );
      for (let at = 0; at < 400; at++) assert.is(covers(merged, at + 0.5), covers(bouts, at + 0.5));
      for (const [i, [start]] of merged.entries()) assert.ok(i === 0 || start > merged[i - 1]![1]!);
    }),
  );
});

test('thousands of bouts become few, from the first to the last', () => {
  const bouts = Array.from({ length: 5_000 }, (_, i): Bout => [i * 100, i * 100 + 50]);
  const merged = merge(bouts);
  assert.ok(merged.length <= MOST_INTERVALS);
  assert.is(merged[0]![0], 0);
  assert.is(merged.at(-1)![1], 499_950);
});

test.run();
