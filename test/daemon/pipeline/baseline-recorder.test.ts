// Baselines of real stores: recorded once, whole, over restarts, and only from what was measured.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ledgersOf } from '../../../daemon/answers/ledgers.js';
import { BaselineRecorder } from '../../../daemon/pipeline/baseline-recorder.js';
import type { Store } from '../../../daemon/store/types.js';
import type { Build, Step } from '../../../src/builds/types.js';
import { buildOwnerIds } from '../../../src/report/builds.js';
import { sumByOwner } from '../../../src/report/sums.js';
import { sumPages } from '../../../src/savings/build-ledger.js';
import { build, step } from '../../src/report/fixtures.js';
import { mount } from '../../src/savings/scene.js';
import { inDirectory, NOON, open, row, SECOND, tick } from '../store/support.js';

const MB = 1_000_000;
const INSTALL = { instruction: 'RUN --mount=type=cache,target=/c poetry install', kind: 'run' } as const;

function recorderOf(store: Store, now = NOON + 3_600_000): BaselineRecorder {
  const onProblem = (message: string, error: unknown) => {
    throw new Error(message, { cause: error });
  };
  return new BaselineRecorder({ store, tier: 'exact', countedSince: 0, now: () => now, onProblem });
}

/** One build of one step that moved so much, stored. */
async function stored(
  store: Store,
  ref: string,
  at: number,
  bytes: number,
  over: Partial<Step>,
): Promise<Build> {
  const executor = `x-${ref}`;
  const owner = { id: `exec:${executor}`, kind: 'step', name: 'RUN', facts: {} } as const;
  await store.commit(tick(at, { owners: [owner], rows: [row(owner, at, bytes)] }));
  const made = build({
    ref,
    startedAt: at - 5 * SECOND,
    completedAt: at,
    steps: [
      step({
        ...INSTALL,
        digest: `sha256:${ref}`,
        executorIds: [executor],
        intervals: [{ startedAt: at - 4 * SECOND, completedAt: at - SECOND }],
        ...over,
      }),
    ],
  });
  await store.saveBuild(made);
  return made;
}

async function ledgerOf(store: Store, of: Build) {
  const sums = sumByOwner(await store.totals(buildOwnerIds(of)));
  return (await ledgersOf([of], sums, { store, tier: 'exact' })).get(of.ref)!;
}

test('attempts are added up over a restart, and a build is recorded once', async () => {
  await inDirectory(async (directory) => {
    let store = await open(directory);
    await stored(store, 'a', NOON, 10 * MB, { cacheMounts: [mount('r', true)] });
    await recorderOf(store).record(NOON);
    await store.close();
    store = await open(directory);
    const second = await stored(store, 'b', NOON + 60 * SECOND, 4 * MB, { cacheMounts: [mount('r', false)] });
    for (let times = 0; times < 3; times++) await recorderOf(store).record(NOON + 60 * SECOND);
    const page = (await ledgerOf(store, second)).get('sha256:b');
    const spent = 4 * MB;
    assert.is(page?.cold?.bytes, page!.actualBytes! + 10 * MB);
    assert.ok(page!.actualBytes! >= spent);
    assert.is(page?.savings?.[0]?.bytes, 10 * MB);
    assert.equal(await store.unrecordedBuilds(10), []);
    await store.close();
  });
});

test('a build waits until its bytes are settled, and those of its caches wait for it', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    await stored(store, 'a', NOON, MB, {});
    await stored(store, 'b', NOON + 60 * SECOND, MB, {});
    const recorder = recorderOf(store);
    await recorder.record(NOON - 1);
    assert.is(recorder.isDue, true);
    assert.is((await store.unrecordedBuilds(10)).length, 2);
    await recorder.record(NOON + 30 * SECOND);
    assert.equal(
      (await store.unrecordedBuilds(10)).map(({ ref }) => ref),
      ['b'],
    );
    await recorder.record(NOON + 60 * SECOND);
    assert.is(recorder.isDue, false);
    await store.close();
  });
});

test('a build that waits holds up those of its caches alone', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    const unseen = { unmetered: true, executorIds: [] };
    await stored(store, 'a', NOON, MB, { ...unseen, cacheMounts: [mount(undefined, undefined, 'one')] });
    await stored(store, 'b', NOON, MB, { cacheMounts: [mount('r1', true, 'one')] });
    await stored(store, 'c', NOON, MB, { cacheMounts: [mount('r2', true, 'two')] });
    const recorder = recorderOf(store, NOON + SECOND);
    await recorder.record(NOON);
    assert.equal(
      (await store.unrecordedBuilds(10)).map(({ ref }) => ref),
      ['a', 'b'],
    );
    assert.is(recorder.isDue, true);
    await store.close();
  });
});

test('which process a step was is waited for, a while', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    const unseen = await stored(store, 'a', NOON, MB, { unmetered: true, executorIds: [] });
    await recorderOf(store, NOON + SECOND).record(NOON);
    assert.is((await store.unrecordedBuilds(10)).length, 1);
    await recorderOf(store, NOON + 60 * SECOND).record(NOON);
    assert.is((await store.unrecordedBuilds(10)).length, 0);
    assert.equal(await store.stepRuns([], ['a']), [], 'and is no baseline without');
    assert.is(sumPages((await ledgerOf(store, unseen)).values()).unknownSteps, 1);
    await store.close();
  });
});

test('that a process becomes the step’s for sure is waited for, a while', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    const made = await stored(store, 'a', NOON, MB, {
      attribution: 'inferred',
      cacheMounts: [mount('r', true)],
    });
    const recorder = recorderOf(store, NOON + SECOND);
    await recorder.record(NOON);
    assert.equal(await store.stepRuns([], ['a']), []);
    const steps = made.steps.map((each) => ({ ...each, attribution: 'exact' as const }));
    await store.saveBuild({ ...made, steps });
    await recorder.record(NOON);
    assert.is((await store.stepRuns([], ['a']))[0]?.cold?.basis, 'measured');
    await stored(store, 'b', NOON, MB, { attribution: 'inferred', cacheMounts: [mount('r2', true)] });
    await recorderOf(store, NOON + 60 * SECOND).record(NOON);
    assert.is((await store.stepRuns([], ['b']))[0]?.cold?.basis, 'derived', 'it stays a guess');
    await store.close();
  });
});

test('a build that runs is not recorded, nor is one twice that is told of again', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    const made = await stored(store, 'a', NOON, MB, { cacheMounts: [mount('r', true)] });
    await store.saveBuild({ ...made, status: 'running', completedAt: undefined });
    const recorder = recorderOf(store);
    await recorder.record(NOON);
    assert.equal(await store.stepRuns([], ['a']), []);
    await store.saveBuild(made);
    recorder.changed(made);
    await recorder.record(NOON);
    const before = await store.cacheFills(['r'], []);
    assert.is(before.length, 1);
    await store.saveBuild(made);
    recorder.changed(made);
    await recorder.record(NOON);
    assert.equal(await store.cacheFills(['r'], []), before);
    await store.close();
  });
});

test('a cold run of long ago is found behind however many warm ones', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    const digest = 'sha256:same';
    await stored(store, 'cold', NOON, 10 * MB, { digest, cacheMounts: [mount('r', true)] });
    for (let i = 1; i <= 30; i++) {
      await stored(store, `warm${i}`, NOON + i * 60 * SECOND, 1000, {
        digest,
        cacheMounts: [mount('r', false)],
      });
    }
    const end = NOON + 31 * 60 * SECOND;
    await recorderOf(store).record(end);
    const last = (await store.build('warm30'))!;
    const page = (await ledgerOf(store, last)).get(digest);
    assert.is(page?.cold?.basis, 'measured');
    await store.close();
  });
});

test('after a time of which nobody knows the builds, attempts are not added up any more', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    await stored(store, 'a', NOON, 10 * MB, { cacheMounts: [mount('r', true)] });
    await recorderOf(store).record(NOON);
    await store.doubtCacheFills();
    const after = await stored(store, 'b', NOON + 60 * SECOND, MB, { cacheMounts: [mount('r', false)] });
    await recorderOf(store).record(NOON + 60 * SECOND);
    const page = (await ledgerOf(store, after)).get('sha256:b');
    assert.is(page?.cold?.bytes, 10 * MB, 'the cold run of the instruction is what is left');
    await store.close();
  });
});

test.run();
