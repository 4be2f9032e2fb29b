// What packages cost that earlier runs fetched: alone, together, or never.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { costByPackages, type PackageCost } from '../../../src/estimate/packages.js';
import type { PastRun } from '../../../src/estimate/past-runs.js';

const MB = 1_000_000;

/** Oldest first, as they were. */
function history(
  ...runs: Partial<Omit<PastRun, 'packages'> & { packages: string | undefined }>[]
): PastRun[] {
  const all = runs.map(
    (run, at): PastRun => ({
      ref: `b${at}`,
      at,
      bytes: 0,
      wasCold: false,
      hadSameInputs: false,
      mountRecords: ['r1'],
      ...run,
      packages: run.packages === undefined ? undefined : new Set(run.packages),
    }),
  );
  return all.toReversed();
}

function cost(runs: PastRun[], packages: string, records = ['r1'], shared: string[] = []): PackageCost {
  const found = costByPackages(runs, { packages: new Set(packages), shared: new Set(shared) }, records);
  if (found === undefined) throw new Error('nothing is known');
  return found;
}

function assertIn({ lowBytes, highBytes }: PackageCost, bytes: number): void {
  assert.ok(lowBytes <= bytes && bytes <= highBytes, `${bytes} between ${lowBytes} and ${highBytes}`);
}

const COLD = { packages: 'ab', bytes: 6 * MB, wasCold: true };
const MORE = { packages: 'abc', bytes: 3 * MB };

test('a package that was never seen: the mean of those that were, and the range says how unsure that is', () => {
  const found = cost(history(COLD), 'abc');
  assert.equal([found.bytes, found.newPackages, found.isCertain], [3 * MB, ['c'], false]);
  assert.is(found.lowBytes, 0);
  assertIn(found, 6 * MB);
  assert.ok(found.highBytes < 7 * MB, 'not twice all that was ever fetched');
});

test('one less: all is in the cache', () => {
  const found = cost(history(COLD), 'a');
  assert.equal([found.bytes, found.newPackages], [0, []]);
  assert.ok(found.highBytes < 2 * MB);
  const seen = cost(history(COLD, { packages: 'ab', bytes: 40_000 }), 'a');
  assert.is(seen.bytes, 40_000, 'what is asked of the index all the same');
  assert.ok(seen.highBytes < 200_000);
});

test('an empty cache: the sum of what was fetched apart', () => {
  const found = cost(history(COLD, MORE), 'abc', []);
  assert.equal([found.bytes, found.isCertain], [9 * MB, true]);
  assert.ok(found.lowBytes > 8.6 * MB && found.highBytes < 9.4 * MB);
  const less = cost(history(COLD, MORE), 'bc', []);
  assert.is(less.isCertain, false, 'b was never fetched without a');
  assert.is(less.lowBytes < 3 * MB && less.lowBytes > 2.8 * MB, true, 'c at least');
  assertIn(less, 5 * MB);
});

test('half of it in a new cache, which began empty', () => {
  const runs = history(COLD, MORE, { packages: 'c', bytes: 3 * MB, wasCold: true, mountRecords: ['r2'] });
  const found = cost(runs, 'abc', ['r2']);
  assert.equal([found.bytes, found.isCertain], [6 * MB, true]);
  const shared = cost(runs, 'abc', ['r2'], ['r2']);
  assert.equal([shared.bytes, shared.lowBytes, shared.isCertain], [6 * MB, 0, false]);
});

test('a run that found an unknown cache tells nothing of single packages', () => {
  const unseen = { packages: 'ab', bytes: 1 * MB, mountRecords: ['r2'] };
  assert.is(
    costByPackages(history(unseen), { packages: new Set('abc'), shared: new Set() }, ['r2']),
    undefined,
  );
  const found = cost(history(COLD, unseen), 'abc', ['r2']);
  assert.equal([found.newPackages, found.lowBytes, found.isCertain], [['c'], 0, false]);
});

test('packages that are not known, of the step or of its runs', () => {
  const need = { packages: undefined, shared: new Set<string>() };
  assert.is(costByPackages(history(COLD), need, []), undefined);
  const runs = history({ ...COLD, packages: undefined });
  assert.is(costByPackages(runs, { ...need, packages: new Set('ab') }, []), undefined);
});

test.run();
