import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { proxyUsageIn } from '../../../daemon/answers/proxy-usage.js';
import { container, contradictions, DAY, NOON, row, SECOND, tick, withStore } from './support.js';

const client = container('client');
const cache = container('cache');
const AT_PROXY = { class: 'proxy', link: undefined } as const;

test('proxies that were added are kept until they are removed', async () => {
  await withStore(async (store) => {
    await store.addProxy({ name: 'b', address: 'cache.lan:80', container: undefined });
    await store.addProxy({ name: 'a', address: undefined, container: 'old' });
    await store.addProxy({ name: 'a', address: undefined, container: 'apt' });
    assert.equal(await store.addedProxies(), [
      { name: 'a', address: undefined, container: 'apt' },
      { name: 'b', address: 'cache.lan:80', container: undefined },
    ]);
    assert.is(await store.removeProxy('a'), true);
    assert.is(await store.removeProxy('a'), false);
  });
});

test('who was which proxy is known with times', async () => {
  await withStore(async (store) => {
    const [one, two] = [
      { proxy: 'apt', ownerId: 'container:1' },
      { proxy: 'apt', ownerId: 'container:2' },
    ];
    await store.setProxyOwners([one], 100);
    await store.setProxyOwners([one], 150);
    await store.setProxyOwners([two], 200);
    await store.setProxyOwners([], 300);
    assert.equal(await store.proxyOwners({ from: 0, to: 1_000 }), [
      { ...one, interval: { from: 100, to: 200 } },
      { ...two, interval: { from: 200, to: 300 } },
    ]);
    assert.equal(await store.proxyOwners({ from: 250, to: 260 }), [
      { ...two, interval: { from: 250, to: 260 } },
    ]);
  });
});

test('what went to a proxy keeps its name when remotes are forgotten, and when it is moved', async () => {
  await withStore(async (store, directory) => {
    const period = { from: NOON - DAY, to: NOON + DAY };
    await store.setProxyOwners([{ proxy: 'apt', ownerId: cache.id }], NOON - SECOND);
    await store.commit(
      tick(NOON, {
        owners: [client, cache],
        rows: [
          row(client, NOON, 70, { ...AT_PROXY, proxy: 'apt' }),
          row(client, NOON, 5, { ...AT_PROXY, proxy: 'npm' }),
          row(cache, NOON, 30),
        ],
      }),
    );
    await store.move('m', [
      { fromOwnerId: client.id, to: container('other'), interval: period, share: 1, classes: ['proxy'] },
    ]);
    const usage = async () =>
      (await proxyUsageIn(store, [period], new Set()))[0]?.map(({ name, delivered, fetched }) => [
        name,
        delivered.rxBytes,
        fetched?.rxBytes,
      ]);
    const expected = [
      ['apt', 70, 30],
      ['npm', 5, undefined],
    ];
    assert.equal(await usage(), expected);
    await store.maintain(NOON + 40 * DAY);
    assert.equal(await usage(), expected);
    assert.equal(await contradictions(directory), []);
  });
});

test.run();
