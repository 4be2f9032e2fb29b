import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Build } from '../../../src/builds/types.js';
import { type KeptEstimate, medianError, tieEstimates } from '../../../src/estimate/tie.js';

const MINUTE = 60_000;
const build = (ref: string, startedAt: number, context = '/shop'): Build =>
  ({ ref, startedAt, context, dockerfile: 'Dockerfile' }) as unknown as Build;
const estimate = (id: number, madeAt: number, fetchBytes?: number): KeptEstimate => ({
  id,
  madeAt,
  context: '/shop',
  dockerfile: '/shop/Dockerfile',
  fetchBytes,
  lowBytes: undefined,
  highBytes: undefined,
  inputs: {},
});

test('a build follows the last estimate of its place, and each estimate is followed once', () => {
  const tied = tieEstimates(
    [estimate(1, 0), estimate(2, 5 * MINUTE), estimate(3, 30 * MINUTE)],
    [
      build('second', 7 * MINUTE),
      build('first', 6 * MINUTE),
      build('elsewhere', 6 * MINUTE, '/other'),
      build('late', 46 * MINUTE),
    ],
  );
  assert.equal(
    [...tied].map(([ref, { id }]) => [ref, id]),
    [['first', 2]],
  );
});

test('a build of a place that nobody wrote down is known by what it copied', () => {
  const inputs = { 'COPY a b': { digest: '1' } };
  const did = (instruction: string) =>
    ({
      ref: instruction,
      startedAt: 1,
      context: undefined,
      dockerfile: undefined,
      steps: [{ instruction }],
    }) as unknown as Build;
  const made = { ...estimate(1, 0), inputs };
  assert.is(tieEstimates([made], [did('COPY  a b')]).size, 1);
  assert.is(tieEstimates([made], [did('COPY c d')]).size, 0);
  assert.is(tieEstimates([{ ...made, inputs: {} }], [did('COPY a b')]).size, 0);
});

test('how far off estimates were: the median, some kilobytes more or less not counted', () => {
  const taken: Record<string, number | undefined> = { a: 1e7, b: 2e7, c: 50_000, d: 1e6, e: undefined };
  const tied = new Map([
    ['a', estimate(1, 0, 1.1e7)],
    ['b', estimate(2, 0, 1e7)],
    ['c', estimate(3, 0, 0)],
    ['d', estimate(4, 0)],
    ['e', estimate(5, 0, 7)],
  ]);
  const { count, ratio } = medianError(tied, (ref) => taken[ref]);
  assert.is(count, 3);
  assert.ok(Math.abs((ratio ?? 0) - 0.1) < 1e-9);
  assert.equal(
    medianError(new Map(), () => 1),
    { count: 0, ratio: undefined },
  );
});

test.run();
