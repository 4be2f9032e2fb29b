import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Store } from '../../../daemon/store/types.js';
import type { TrafficRow } from '../../../src/metering/types.js';
import { container, DAY, HOUR, linkRow, MINUTE, NOON, row, SECOND, tick, withStore } from './support.js';

const web = container('web');
const job = container('job');

async function received(store: Store, from: number, to: number): Promise<number> {
  const rows = await store.usage({ from, to });
  return rows.reduce((sum, { rxBytes }) => sum + rxBytes, 0);
}

test('a row belongs to the period its interval ends in, to the millisecond', async () => {
  await withStore(async (store) => {
    await store.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 1)] }));
    await store.commit(tick(NOON + 1, { rows: [row(web, NOON + 1, 10)] }));
    assert.is(await received(store, NOON - 1, NOON), 1);
    assert.is(await received(store, NOON, NOON + 1), 10);
    assert.is(await received(store, NOON - 1, NOON + 1), 11);
    assert.is(await received(store, NOON, NOON), 0);
    assert.is(await received(store, NOON + 1, NOON - 1), 0);
    assert.is(await received(store, NOON - 1_000, NOON - 1), 0);
  });
});

test('what was counted while nobody looked is where it was found, whole', async () => {
  await withStore(async (store) => {
    const interval = { from: NOON - 9 * HOUR, to: NOON };
    await store.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 500, { interval })] }));
    assert.is(await received(store, NOON - 10 * HOUR, NOON - 1), 0);
    assert.is(await received(store, NOON - 1, NOON), 500);
    await store.maintain(NOON + 2 * DAY);
    const rows = await store.ownerRows(web.id, { from: 0, to: NOON + DAY });
    assert.equal(
      rows.map((each) => each.interval),
      [interval],
    );
    await store.maintain(NOON + 800 * DAY);
    const [only] = await store.ownerRows(web.id, { from: 0, to: NOON + DAY });
    assert.equal(only?.interval, { from: interval.from, to: NOON + 12 * HOUR });
  });
});

test('remotes of a period: all owners together, most bytes first, as many as asked for', async () => {
  await withStore(async (store) => {
    const to = (address: string) => ({ remote: { address, port: 443, protocol: 'tcp' as const } });
    await store.commit(
      tick(NOON, {
        owners: [web, job],
        rows: [row(web, NOON, 10, to('192.0.2.1')), row(job, NOON, 20, to('192.0.2.1'))],
      }),
    );
    await store.commit(
      tick(NOON + SECOND, {
        rows: [row(web, NOON + SECOND, 25, to('192.0.2.2')), row(web, NOON + SECOND, 1, to('192.0.2.3'))],
      }),
    );
    const asked = async (from: number, limit: number) =>
      (await store.periodRemotes({ from, to: NOON + SECOND }, limit)).map(({ address, rxBytes, owners }) => [
        address,
        rxBytes,
        owners,
      ]);
    assert.equal(await asked(NOON - 1, 2), [
      ['192.0.2.1', 30, 2],
      ['192.0.2.2', 25, 1],
    ]);
    assert.equal(await asked(NOON, 9), [
      ['192.0.2.2', 25, 1],
      ['192.0.2.3', 1, 1],
    ]);
  });
});

test('any bounds will do', async () => {
  await withStore(async (store) => {
    await store.commit(
      tick(NOON, { owners: [web], rows: [row(web, NOON, 7)], links: [linkRow('eth0', NOON, 7)] }),
    );
    const all = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
    assert.is(await received(store, all.from, all.to), 7);
    assert.is((await store.linkUsage(all))[0]?.rxBytes, 7);
    assert.is((await store.days(all, 'UTC')).length, 1);
    assert.is(await received(store, 0, NOON - 0.5), 0);
    assert.is(await received(store, 0, NOON + 0.5), 7);
  });
});

test('filters choose owners and kinds', async () => {
  await withStore(async (store) => {
    const step = { id: 'exec:1', kind: 'step', name: 'RUN make', facts: {} } as const;
    const owners = [web, job, step];
    await store.commit(
      tick(NOON, { owners, rows: owners.map((owner, place) => row(owner, NOON, 10 ** place)) }),
    );
    const all = { from: 0, to: NOON };
    const names = async (filter: Parameters<Store['usage']>[1]) =>
      (await store.usage(all, filter)).map(({ owner }) => owner.name);
    assert.equal(await names({ ownerIds: [job.id, step.id] }), ['job', 'RUN make']);
    assert.equal(await names({ kinds: ['step', 'pull'] }), ['RUN make']);
    assert.equal(await names({ ownerIds: [job.id], kinds: ['step'] }), []);
    assert.equal(await names({ ownerIds: [] }), []);
  });
});

test('drops of a link are added up where they are known', async () => {
  await withStore(async (store) => {
    const rows = [
      linkRow('eth0', NOON, 1),
      linkRow('eth0', NOON + SECOND, 1, 4),
      linkRow('eth0', NOON + SECOND, 1),
      linkRow('eth0', NOON + MINUTE, 0, 2),
      linkRow('eth1', NOON, 1),
    ];
    for (const each of rows) await store.commit(tick(each.interval.to, { links: [each] }));
    for (const age of [0, 2, 40, 800]) {
      await store.maintain(NOON + age * DAY);
      const sums = await store.linkUsage({ from: 0, to: NOON + DAY });
      assert.equal(
        sums.map(({ link, rxBytes, txDropped }) => ({ link, rxBytes, txDropped })),
        [
          { link: 'eth0', rxBytes: 3, txDropped: 6 },
          { link: 'eth1', rxBytes: 1, txDropped: undefined },
        ],
      );
    }
  });
});

/** Ends within four hours, often on the edges of minutes and hours. */
const instants = fc.oneof(
  fc.integer({ min: 0, max: 4 * HOUR }).map((after) => NOON + after),
  fc.integer({ min: 0, max: 4 * 60 }).map((after) => NOON + after * MINUTE),
  fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom(-1, 0, 1))
    .map(([h, off]) => NOON + h * HOUR + off),
);

test('any period sums up exactly the rows that end in it, before and after minutes are made', async () => {
  const rows = fc.array(fc.tuple(fc.constantFrom(web, job), instants, fc.integer({ min: 1, max: 1e9 })), {
    minLength: 1,
    maxLength: 40,
  });
  const periods = fc.array(fc.tuple(instants, instants), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(rows, periods, async (some, asked) => {
      await withStore(async (store) => {
        const list: TrafficRow[] = some.map(([owner, end, bytes]) => row(owner, end, bytes));
        for (const each of list) {
          await store.commit(tick(each.interval.to, { owners: [web, job], rows: [each] }));
        }
        const expected = (from: number, to: number) =>
          list
            .filter(({ interval }) => interval.to > from && interval.to <= to)
            .reduce((sum, { rxBytes }) => sum + rxBytes, 0);
        for (const [from, to] of asked) assert.is(await received(store, from, to), expected(from, to));
        await store.maintain(NOON + 2 * DAY);
        for (const bounds of asked) {
          const [from, to] = bounds.map((instant) => Math.floor(instant / MINUTE) * MINUTE);
          assert.is(await received(store, from!, to!), expected(from!, to!));
        }
      });
    }),
    { numRuns: 25 },
  );
});

test.run();
