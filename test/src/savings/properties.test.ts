// Whatever happens, the books balance: causes and residual add up to cold - actual, nothing is there twice.
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { StepStatus } from '../../../src/builds/types.js';
import { addSum, noSum, sumPages } from '../../../src/savings/build-ledger.js';
import { savedPerCache } from '../../../src/savings/per-cache.js';
import { bearOverhead } from '../../../src/savings/proxy-overhead.js';
import type { StepLedger } from '../../../src/savings/types.js';
import { type Built, mount, Scene, type SceneStep } from './scene.js';

const bytes = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 200_000 }),
  fc.integer({ min: 0, max: 5e9 }),
);
const statuses: StepStatus[] = ['done', 'done', 'done', 'cached', 'failed', 'canceled', 'running'];
const instructions = ['RUN a', 'RUN --mount=type=cache,target=/c b', 'RUN c 1'];

const blob = fc.tuple(bytes, fc.boolean()).map(([total, grown]) => ({
  id: `sha256:${total}`,
  total,
  samples: grown
    ? [
        { at: 1, current: 0 },
        { at: 2, current: total },
      ]
    : [{ at: 1, current: total }],
}));

const sceneStep: fc.Arbitrary<SceneStep> = fc.record({
  kind: fc.constantFrom('run', 'run', 'run', 'from', 'add', 'git', 'copy', 'internal', 'export'),
  status: fc.constantFrom(...statuses),
  sharedWith: fc.constantFrom(undefined, undefined, undefined, 'ref0'),
  instruction: fc.constantFrom(...instructions, 'FROM debian:13', 'importing cache manifest from r/x'),
  attribution: fc.constantFrom('exact', 'inferred', 'shared'),
  digest: fc.constantFrom(...'abcdefgh').map((letter) => `sha256:${letter}`),
  inputLayer: fc.constantFrom(undefined, 'l1', 'l2'),
  executorIds: fc.array(fc.constant('x'), { maxLength: 3 }),
  unmetered: fc.constantFrom(false, false, false, true),
  blobs: fc.array(blob, { maxLength: 3 }),
  cacheMounts: fc.array(
    fc
      .tuple(fc.constantFrom('r1', 'r2', undefined), fc.constantFrom(true, false, undefined))
      .map(([record, empty]) => mount(record, empty)),
    { maxLength: 2 },
  ),
  wan: bytes,
  proxies: fc.array(fc.record({ name: fc.constantFrom('p', 'q'), bytes }), { maxLength: 2 }),
});

/** Builds one after the other, without two steps of one digest. */
const world = fc
  .record({
    builds: fc.array(fc.uniqueArray(sceneStep, { selector: (each) => each.digest, maxLength: 6 }), {
      maxLength: 8,
    }),
    fetched: fc.option(bytes, { nil: undefined }),
    delivered: bytes,
  })
  .map(({ builds, fetched, delivered }) => {
    const scene = new Scene();
    const interval = { from: 0, to: Number.MAX_SAFE_INTEGER };
    scene.proxyPeriods.push({ name: 'p', interval, deliveredBytes: delivered, fetchedBytes: fetched });
    return builds.map((steps) =>
      scene.build(
        steps.map((step) =>
          step.sharedWith && step.status === 'done' ? { ...step, status: 'shared' } : step,
        ),
      ),
    );
  });

function pagesOf(built: readonly Built[]): StepLedger[] {
  return built.flatMap((each) => [...each.ledger.values()]);
}

test('steps: cold - actual = causes + residual, in whole bytes, each cause once', () => {
  void fc.assert(
    fc.property(world, (built) => {
      for (const page of pagesOf(built)) {
        const { savings, cold, actualBytes, residualBytes, isUnknown } = page;
        if (savings === undefined) continue;
        const causes = savings.map(({ cause }) => cause);
        assert.is(new Set(causes).size, causes.length);
        for (const saved of savings) {
          assert.ok(Number.isSafeInteger(saved.bytes));
          assert.ok(saved.lowBytes <= saved.bytes && saved.bytes <= saved.highBytes, JSON.stringify(saved));
        }
        if (isUnknown || cold === undefined) continue;
        const sum = savings.reduce((all, saved) => all + saved.bytes, 0);
        assert.is(cold.bytes - actualBytes!, sum + residualBytes!);
        assert.ok(cold.lowBytes <= cold.bytes && cold.bytes <= cold.highBytes, JSON.stringify(cold));
      }
    }),
    { numRuns: 500 },
  );
});

test('builds and reports: the sums balance, and a report is the sum of its builds', () => {
  void fc.assert(
    fc.property(world, (built) => {
      const all = noSum();
      for (const each of built) {
        const sum = sumPages(each.ledger.values());
        assert.is(sum.coldBytes - sum.actualBytes, sum.bytes + sum.residualBytes);
        const causes = Object.values(sum.byCause).reduce((total, one) => total + one, 0);
        const bases = Object.values(sum.byBasis).reduce((total, one) => total + one, 0);
        assert.is(causes, sum.bytes);
        assert.is(bases, sum.bytes);
        assert.is(sum.headlineBytes, sum.byCause['cache-mount'] + sum.byCause.proxy);
        assert.ok(sum.lowBytes <= sum.bytes && sum.bytes <= sum.highBytes);
        addSum(all, sum);
      }
      assert.equal(all, sumPages(pagesOf(built)));
    }),
    { numRuns: 300 },
  );
});

test('what proxies fetched for nobody is taken off, and the books balance as before', () => {
  void fc.assert(
    fc.property(world, bytes, (built, overhead) => {
      const before = sumPages(pagesOf(built));
      const sum = bearOverhead(sumPages(pagesOf(built)), overhead);
      assert.is(sum.bytes, before.bytes - overhead);
      assert.is(sum.coldBytes, before.coldBytes);
      assert.is(sum.coldBytes - sum.actualBytes, sum.bytes + sum.residualBytes);
      for (const parts of [sum.byCause, sum.byBasis]) {
        assert.is(
          Object.values(parts).reduce((total, one) => total + one, 0),
          sum.bytes,
        );
      }
      assert.is(sum.headlineBytes, sum.byCause['cache-mount'] + sum.byCause.proxy);
      assert.ok(sum.lowBytes <= sum.bytes && sum.bytes <= sum.highBytes);
    }),
    { numRuns: 100 },
  );
});

test('failed, stopped and running steps save nothing, and are the baseline of nothing', () => {
  void fc.assert(
    fc.property(world, (built) => {
      for (const { build, ledger } of built) {
        for (const step of build.steps) {
          if (!['failed', 'canceled', 'running'].includes(step.status)) continue;
          assert.is(ledger.get(step.digest)?.savings, undefined);
        }
      }
    }),
    { numRuns: 100 },
  );
  void fc.assert(
    fc.property(fc.uniqueArray(sceneStep, { selector: (each) => each.digest, maxLength: 6 }), (steps) => {
      const scene = new Scene();
      scene.build(steps.map((step) => ({ ...step, status: 'failed' })));
      assert.is(scene.runs.length, 0);
    }),
  );
});

test('caches get what their steps saved, no byte more or less', () => {
  void fc.assert(
    fc.property(world, (built) => {
      const pages = built.flatMap(({ build, ledger }) =>
        build.steps.map((step) => ({ step, page: ledger.get(step.digest)! })),
      );
      const saved = sumPages(pages.map(({ page }) => page)).byCause['cache-mount'];
      const perCache = savedPerCache(pages);
      assert.is(
        perCache.reduce((sum, { bytes: part }) => sum + part, 0),
        saved,
      );
    }),
    { numRuns: 200 },
  );
});

test.run();
