// What proxies fetched for nobody, over all of a period: in builds, between them, and where nobody counts.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { proxyOverheadsIn } from '../../../daemon/answers/proxy-usage.js';
import type { Store } from '../../../daemon/store/types.js';
import { build } from '../../src/report/fixtures.js';
import { container, NOON, row, SECOND, tick, withStore } from '../store/support.js';

const step = container('step');
const cache = container('cache');
const AT_PROXY = { class: 'proxy', link: undefined, proxy: 'apt' } as const;
const PERIOD = { from: NOON - 100 * SECOND, to: NOON + 100 * SECOND };
const NOWHERE = new Set<string>();

interface Moment {
  at: number;
  delivered?: number;
  fetched?: number;
}

async function happened(store: Store, moments: readonly Moment[], builds: readonly [number, number][]) {
  await store.setProxyOwners([{ proxy: 'apt', ownerId: cache.id }], PERIOD.from);
  for (const { at, delivered = 0, fetched = 0 } of moments) {
    const rows = [row(step, at, delivered, AT_PROXY), row(cache, at, fetched)];
    await store.commit(tick(at, { owners: [step, cache], rows }));
  }
  for (const [i, [startedAt, completedAt]] of builds.entries())
    await store.saveBuild(build({ ref: `ref${i}`, startedAt, completedAt }));
}

async function overheads(store: Store): Promise<[number, number][]> {
  const found = await proxyOverheadsIn(store, PERIOD, NOWHERE, PERIOD.to);
  return found.map(({ at, bytes }) => [at - NOON, bytes]);
}

test('what was fetched ahead at rest is overhead, although a build gets all of it later', async () => {
  await withStore(async (store) => {
    const began = NOON + 20 * SECOND;
    await happened(
      store,
      [
        { at: NOON, fetched: 500 },
        { at: began + 2 * SECOND, delivered: 500 },
      ],
      [[began, began + 5 * SECOND]],
    );
    assert.equal(await overheads(store), [[began - NOON, 500]]);
  });
});

test('what is fetched for builds and for others is none; what is fetched twice is, once', async () => {
  await withStore(async (store) => {
    await happened(
      store,
      [
        { at: NOON + SECOND, delivered: 300, fetched: 300 },
        { at: NOON + 20 * SECOND, delivered: 700, fetched: 600 },
        { at: NOON + 31 * SECOND, delivered: 400, fetched: 900 },
      ],
      [
        [NOON, NOON + 5 * SECOND],
        [NOON + 30 * SECOND, NOON + 33 * SECOND],
      ],
    );
    assert.equal(await overheads(store), [[34_500, 500]]);
  });
});

test('nothing is said of a proxy whose fetching nobody counts', async () => {
  await withStore(async (store) => {
    const rows = [row(step, NOON, 300, AT_PROXY)];
    await store.commit(tick(NOON, { owners: [step], rows }));
    assert.equal(await overheads(store), []);
  });
});

test.run();
