// Builds that are going to fetch too much, by what the ledger knows in a real database.
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type BuildRoute, BuildWarner } from '../../../daemon/budget/build-warner.js';
import { predictBuild } from '../../../daemon/budget/predict-build.js';
import { WarningBook } from '../../../daemon/budget/warning-book.js';
import type { Build, Step } from '../../../src/builds/types.js';
import { baselineQuery } from '../../../src/savings/baselines.js';
import type { StepRun } from '../../../src/savings/types.js';
import { build, step } from '../../src/report/fixtures.js';
import { NOON, withStore } from '../store/support.js';

const MB = 1_000_000;
const ROUTE: BuildRoute = { link: 'Hotspot', metered: true, limitBytes: 5 * MB, remainingBytes: undefined };

const ran = (more: Partial<Step>): Step => step({ kind: 'run', instruction: 'RUN make', ...more });
const running = (steps: Step[]): Build =>
  build({ status: 'running', startedAt: NOON, completedAt: undefined, steps });

/** What the ledger keeps of a run of this step. */
function runOf(it: Step, of: Build, bytes: number, more: Partial<StepRun> = {}): StepRun {
  const query = baselineQuery(it, of);
  const cold = {
    bytes,
    lowBytes: bytes,
    highBytes: bytes,
    basis: 'measured',
    at: NOON,
    durationMs: 1000,
  } as const;
  return {
    ref: 'earlier',
    digest: it.digest,
    lineage: query.lineage,
    shown: query.shown,
    place: query.place,
    stage: query.stage,
    platform: query.platform,
    inputs: undefined,
    endedAt: NOON - 1000,
    durationMs: 1000,
    spentBytes: bytes,
    wasCold: true,
    cold,
    ...more,
  };
}

/** Told of these builds one after the other; @returns the messages of the warnings */
async function warned(
  known: StepRun[],
  builds: Build[],
  route: Partial<BuildRoute> = {},
  estimated?: number,
): Promise<string[]> {
  let messages: string[] = [];
  await withStore(async (store) => {
    await store.saveRecords('earlier', { runs: known, fills: [] });
    const [lowBytes, highBytes] = [0, 100 * MB];
    const kept = {
      madeAt: NOON - 5000,
      context: '/shop',
      dockerfile: '',
      lowBytes,
      highBytes,
      inputs: undefined,
    };
    if (estimated !== undefined) await store.saveEstimate({ ...kept, fetchBytes: estimated });
    const fail = (message: string, error: unknown) => {
      throw new Error(message, { cause: error });
    };
    const now = () => NOON;
    const warnings = new WarningBook({ store, now, publish: () => {}, onProblem: fail });
    const predict = (it: Build) => predictBuild(store, it);
    const warner = new BuildWarner({
      warnings,
      route: () => ({ ...ROUTE, ...route }),
      predict,
      now,
      onProblem: fail,
    });
    for (const it of builds) warner.changed(it);
    await sleep(600);
    await warnings.flush();
    messages = warnings.documents().map(({ message }) => message);
  });
  return messages;
}

const start = ran({ status: 'running', intervals: [{ startedAt: NOON, completedAt: undefined }] });

test('more than the limit: once, however often the build changes', async () => {
  const it = running([start]);
  const messages = await warned([runOf(start, it, 12 * MB)], [it, it, it]);
  assert.is(messages.length, 1);
  assert.match(messages[0]!, /12\.0 MB over Hotspot.*limit of a build is 5\.00 MB/);
});

test('a step that begins right after the first look is looked at, too', async () => {
  const first = step({ ...start, digest: 'sha256:a', kind: 'from', instruction: 'FROM a' });
  const later = running([first, start]);
  assert.is((await warned([runOf(start, later, 12 * MB)], [running([first]), later])).length, 1);
});

test('less than the limit, a link that is not metered, nothing known: nothing is said', async () => {
  const it = running([start]);
  assert.equal(await warned([runOf(start, it, 4 * MB)], [it]), []);
  assert.equal(await warned([runOf(start, it, 12 * MB)], [it], { metered: null }), []);
  assert.equal(await warned([], [it]), []);
});

test('what is left of the budget counts, below the limit as well', async () => {
  const it = running([start]);
  const [message] = await warned([runOf(start, it, 4 * MB)], [it], { remainingBytes: 3 * MB });
  assert.match(message ?? '', /3\.00 MB of the budget are left/);
});

test('cached steps cost nothing, and a warm cache mount what it cost when it was warm', async () => {
  const cached = running([step({ ...start, digest: 'sha256:b', status: 'cached' }), start]);
  assert.equal(await warned([runOf(start, cached, 4 * MB)], [cached]), []);
  const mount = {
    id: 'm',
    target: '/c',
    recordId: undefined,
    sharing: undefined,
    emptyAtStart: false,
  } as never;
  const warm = { ...start, cacheMounts: [mount] };
  const it = running([warm]);
  const runs = [
    runOf(warm, it, 12 * MB),
    runOf(warm, it, 1 * MB, { ref: 'warm', wasCold: false, endedAt: NOON - 10 }),
  ];
  assert.equal(await warned(runs, [it]), []);
});

test('the estimate that was made for the build is what it is going to fetch', async () => {
  const it = { ...running([start]), context: '/shop' };
  assert.equal(await warned([runOf(start, it, 12 * MB)], [it], {}, 0), [], 'all of it is in a cache mount');
  const [unseen] = await warned([], [it], {}, 8 * MB);
  assert.match(unseen ?? '', 'about 8.00 MB over Hotspot');
  const done = ran({ status: 'done', digest: 'sha256:c', instruction: 'RUN other' });
  const half = { ...it, steps: [done, start] };
  const [rest] = await warned([runOf(start, half, 6 * MB)], [half], {}, 14 * MB);
  assert.match(rest ?? '', 'about 6.00 MB over Hotspot', 'a part of it was fetched already');
});

test.run();
