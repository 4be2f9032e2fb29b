import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Owner } from '../../../src/metering/types.js';
import {
  container,
  contradictions,
  DAY,
  failure,
  inDirectory,
  linkRow,
  NOON,
  open,
  raw,
  row,
  SECOND,
  tick,
  withStore,
} from './support.js';

const web = container('web');
const job = container('job');
const ALWAYS = { from: 0, to: NOON + 1_000 * DAY };

test('everything in a tick is there after it', async () => {
  await withStore(async (store) => {
    await store.commit(
      tick(NOON, {
        owners: [web, job],
        rows: [
          row(web, NOON, 700, { txBytes: 30, txPackets: 2 }),
          row(job, NOON, 5, { class: 'lan', link: undefined }),
        ],
        links: [linkRow('wlp2s0', NOON, 1_000, 3)],
        positions: [{ key: 'aa', bytes: 730, packets: 3 }],
      }),
    );
    assert.equal(await store.usage(ALWAYS), [
      {
        owner: web,
        class: 'wan',
        link: 'wlp2s0',
        tier: 'exact',
        rxBytes: 700,
        txBytes: 30,
        rxPackets: 1,
        txPackets: 2,
      },
      {
        owner: job,
        class: 'lan',
        link: undefined,
        tier: 'exact',
        rxBytes: 5,
        txBytes: 0,
        rxPackets: 1,
        txPackets: 0,
      },
    ]);
    assert.equal(await store.linkUsage(ALWAYS), [
      {
        link: 'wlp2s0',
        interval: ALWAYS,
        rxBytes: 1_000,
        txBytes: 0,
        rxPackets: 1,
        txPackets: 0,
        txDropped: 3,
      },
    ]);
    assert.equal(await store.positions('boot'), [{ key: 'aa', bytes: 730, packets: 3 }]);
    assert.is(await store.lastTickAt(), NOON);
  });
});

test('a tick with one bad row leaves no trace, and the next one is written', async () => {
  await withStore(async (store, directory) => {
    await store.commit(tick(NOON, { owners: [web], positions: [{ key: 'aa', bytes: 1, packets: 1 }] }));
    const bad = tick(NOON + SECOND, {
      epoch: 'next boot',
      owners: [{ ...web, name: 'renamed' }, job],
      rows: [row(web, NOON + SECOND, 10), row(job, NOON + SECOND, -1)],
      links: [linkRow('wlp2s0', NOON + SECOND, 10)],
      positions: [{ key: 'aa', bytes: 2, packets: 2 }],
    });
    assert.is((await failure(store.commit(bad))).code, 'internal');
    assert.equal(await store.usage(ALWAYS), []);
    assert.equal(await store.linkUsage(ALWAYS), []);
    assert.equal(await store.owner(web.id), web);
    assert.is(await store.owner(job.id), undefined);
    assert.equal(await store.positions('boot'), [{ key: 'aa', bytes: 1, packets: 1 }]);
    assert.is(await store.lastTickAt(), NOON);

    await store.commit({ ...bad, rows: [row(web, NOON + SECOND, 10), row(job, NOON + SECOND, 1)] });
    assert.equal(
      (await store.usage(ALWAYS)).map(({ rxBytes }) => rxBytes),
      [10, 1],
    );
    assert.equal(await contradictions(directory), []);
  });
});

test('bytes of an owner that was never given are refused, not dropped', async () => {
  await withStore(async (store) => {
    const error = await failure(
      store.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 1), row(job, NOON, 1)] })),
    );
    assert.is(error.code, 'internal');
    assert.match(error.message, 'owner');
    assert.equal(await store.usage(ALWAYS), []);
  });
});

test('the first tick of another epoch replaces all positions', async () => {
  await withStore(async (store) => {
    const positions = ['aa', 'bb', 'cc'].map((key) => ({ key, bytes: 9, packets: 9 }));
    await store.commit(tick(NOON, { positions }));
    await store.commit(
      tick(NOON + SECOND, { positions: [{ key: 'bb', bytes: 10, packets: 9 }], forget: ['cc'] }),
    );
    assert.equal(await store.positions('boot'), [
      { key: 'aa', bytes: 9, packets: 9 },
      { key: 'bb', bytes: 10, packets: 9 },
    ]);
    assert.equal(await store.positions('next boot'), []);
    await store.commit(
      tick(NOON + 2 * SECOND, { epoch: 'next boot', positions: [{ key: 'dd', bytes: 1, packets: 1 }] }),
    );
    assert.equal(await store.positions('next boot'), [{ key: 'dd', bytes: 1, packets: 1 }]);
    assert.equal(await store.positions('boot'), []);
  });
});

test('an epoch that begins with an empty tick begins all the same', async () => {
  await withStore(async (store) => {
    await store.commit(tick(NOON, { positions: [{ key: 'aa', bytes: 9, packets: 9 }] }));
    await store.commit(tick(NOON + SECOND, { epoch: 'next boot' }));
    await store.commit(tick(NOON + 2 * SECOND, { epoch: 'boot' }));
    assert.equal(await store.positions('boot'), []);
  });
});

test('a clock that goes back adds to what is there', async () => {
  await withStore(async (store, directory) => {
    await store.commit(
      tick(NOON, { owners: [web], rows: [row(web, NOON, 1)], links: [linkRow('wlp2s0', NOON, 1)] }),
    );
    const back = [NOON, NOON - DAY, NOON - SECOND, NOON, NOON - DAY];
    for (const end of back) {
      await store.commit(tick(end, { rows: [row(web, end, 10)], links: [linkRow('wlp2s0', end, 10)] }));
    }
    const sum = async (from: number, to: number) => (await store.usage({ from, to }))[0]?.rxBytes;
    assert.is(await sum(NOON - SECOND, NOON), 21);
    assert.is(await sum(NOON - 2 * SECOND, NOON - SECOND), 10);
    assert.is(await sum(NOON - DAY - 1, NOON - DAY), 20);
    assert.is((await store.linkUsage(ALWAYS))[0]?.rxBytes, 51);
    assert.equal(await contradictions(directory), []);
  });
});

test('an interval that a jumping clock turned round is kept as it is', async () => {
  await withStore(async (store) => {
    const interval = { from: NOON + DAY, to: NOON };
    await store.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 8, { interval })] }));
    const rows = await store.ownerRows(web.id, { from: NOON - 1, to: NOON });
    assert.equal(
      rows.map((each) => each.interval),
      [interval],
    );
  });
});

test('fractions of milliseconds are rounded', async () => {
  await withStore(async (store) => {
    const interval = { from: NOON - 999.6, to: NOON + 0.4 };
    await store.commit({
      ...tick(NOON, { owners: [web], rows: [row(web, NOON, 8, { interval })] }),
      interval,
    });
    const [only] = await store.ownerRows(web.id, { from: NOON - 1, to: NOON });
    assert.equal(only?.interval, { from: NOON - 1_000, to: NOON });
    assert.is(await store.lastTickAt(), NOON);
  });
});

test('empty ticks are not written one by one, but the end of the last one is known', async () => {
  await inDirectory(async (directory) => {
    const stored = async () =>
      (await raw<{ at: number }>(directory, 'SELECT last_tick_at AS at FROM state'))[0]?.at;
    const store = await open(directory);
    try {
      await store.commit(tick(NOON));
      for (let second = 1; second < 10; second++) await store.commit(tick(NOON + second * SECOND));
      assert.is(await stored(), NOON);
      assert.is(await store.lastTickAt(), NOON + 9 * SECOND);
      await store.commit(tick(NOON + 10 * SECOND));
      assert.is(await stored(), NOON + 10 * SECOND);
      await store.commit(tick(NOON + 11 * SECOND));
    } finally {
      await store.close();
    }
    assert.is(await stored(), NOON + 11 * SECOND);
    const again = await open(directory);
    assert.is(await again.lastTickAt(), NOON + 11 * SECOND);
    await again.close();
  });
});

test('names that want to harm come back as they were', async () => {
  await withStore(async (store) => {
    const names = [
      "'); DROP TABLE owners; --",
      'a\u0000b',
      '"quoted"\n\u001b[31mred',
      '\u{1f9ea} ünïcode',
      '',
    ];
    const owners = names.map((name, place): Owner => ({ ...container(`c${place}`), name }));
    await store.commit(tick(NOON, { owners, rows: owners.map((owner) => row(owner, NOON, 1)) }));
    assert.equal(
      (await store.usage(ALWAYS)).map(({ owner }) => owner.name),
      names,
    );
  });
});

test('whoever asks while ticks are written sees whole ticks', async () => {
  await withStore(async (store) => {
    const remotes = Array.from({ length: 300 }, (_, port) => ({
      address: '198.51.100.9',
      port,
      protocol: 'udp' as const,
    }));
    const commits = Array.from({ length: 15 }, (_, place) => {
      const end = NOON + place * SECOND;
      return store.commit(
        tick(end, { owners: [web], rows: remotes.map((remote) => row(web, end, 1, { remote })) }),
      );
    });
    let done = false;
    const all = Promise.all(commits).then(() => {
      done = true;
    });
    const seen = new Set<number>();
    while (!done) seen.add((await store.totals([web.id]))[0]?.rxBytes ?? 0);
    await all;
    assert.equal(
      [...seen].filter((bytes) => bytes % 300 !== 0),
      [],
    );
    assert.is((await store.totals([web.id]))[0]?.rxBytes, 15 * 300);
  });
});

test.run();
