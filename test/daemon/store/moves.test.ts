import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Move, Store } from '../../../daemon/store/types.js';
import type { Owner } from '../../../src/metering/types.js';
import {
  container,
  contradictions,
  DAY,
  failure,
  HOUR,
  inDirectory,
  linkRow,
  MINUTE,
  NOON,
  open,
  row,
  SECOND,
  tick,
  withStore,
} from './support.js';

const engine: Owner = { id: 'engine:docker', kind: 'engine', name: 'docker', facts: {} };
const job = container('job');
const ALWAYS = { from: 0, to: NOON + 10_000 * DAY };

function source(name: string): Owner {
  return { id: `source:build/${name}`, kind: 'pull', name, facts: { stepDigest: name } };
}

function moveTo(name: string, share: number, more: Partial<Move> = {}): Move {
  return { fromOwnerId: engine.id, to: source(name), interval: ALWAYS, share, classes: ['wan'], ...more };
}

/** Received bytes per owner's name. */
async function received(store: Store): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { owner, rxBytes } of await store.usage(ALWAYS))
    sums[owner.name] = (sums[owner.name] ?? 0) + rxBytes;
  return sums;
}

test('all of it, once, however often it is asked', async () => {
  await inDirectory(async (directory) => {
    let store = await open(directory);
    await store.commit(
      tick(NOON, { owners: [engine, job], rows: [row(engine, NOON, 100), row(job, NOON, 7)] }),
    );
    await store.move('pull 1', [moveTo('alpine', 1)]);
    await store.move('pull 1', [moveTo('alpine', 1)]);
    assert.equal(await received(store), { alpine: 100, job: 7 });
    await store.commit(tick(NOON + SECOND, { rows: [row(engine, NOON + SECOND, 11)] }));
    await store.close();
    store = await open(directory);
    await store.move('pull 1', [moveTo('alpine', 1)]);
    assert.equal(await received(store), { docker: 11, alpine: 100, job: 7 });
    await store.move('pull 2', [moveTo('alpine', 1)]);
    assert.equal(await received(store), { alpine: 111, job: 7 });
    assert.equal(await contradictions(directory), []);
    await store.close();
  });
});

test('only rows of the interval, the classes and the remotes that were named', async () => {
  await withStore(async (store) => {
    const registry = { address: '198.51.100.20', port: 5_000, protocol: 'tcp' } as const;
    const rows = [
      row(engine, NOON, 1),
      row(engine, NOON + 1, 10),
      row(engine, NOON + SECOND, 100),
      row(engine, NOON + SECOND, 1_000, { remote: registry }),
      row(engine, NOON + SECOND, 10_000, { class: 'lan' }),
      row(engine, NOON + SECOND + 1, 100_000),
    ];
    await store.commit(tick(NOON, { owners: [engine], rows }));
    const interval = { from: NOON, to: NOON + SECOND };
    await store.move('a', [moveTo('any', 1, { interval, remotes: [{ ...registry, port: 5_001 }] })]);
    assert.equal(await received(store), { docker: 111_111 });
    await store.move('b', [moveTo('registry', 1, { interval, remotes: [registry] })]);
    assert.equal(await received(store), { docker: 110_111, registry: 1_000 });
    await store.move('c', [moveTo('wan', 1, { interval })]);
    assert.equal(await received(store), { docker: 110_001, registry: 1_000, wan: 110 });
    await store.move('d', [moveTo('both', 1, { interval, classes: ['wan', 'lan'] })]);
    assert.equal(await received(store), { docker: 100_001, registry: 1_000, wan: 110, both: 10_000 });
  });
});

test('shares of one call speak of the rows before it, and many small rows share evenly', async () => {
  await withStore(async (store, directory) => {
    const rows = Array.from({ length: 300 }, (_, place) => row(engine, NOON + place * SECOND, 1));
    await store.commit(tick(NOON, { owners: [engine], rows }));
    await store.move('a', [moveTo('half', 0.5), moveTo('third', 1 / 3), moveTo('rest', 1 / 6)]);
    assert.equal(await received(store), { half: 150, third: 100, rest: 50 });
    assert.equal(await contradictions(directory), []);
  });
});

test('an owner that takes part in its own move, and one that hands on what it had', async () => {
  await withStore(async (store) => {
    await store.commit(
      tick(NOON, { owners: [engine, job], rows: [row(engine, NOON, 90), row(job, NOON, 5)] }),
    );
    await store.move('a', [
      { ...moveTo('', 0.5), to: engine },
      { ...moveTo('', 0.5), to: job },
      { ...moveTo('last', 1), fromOwnerId: job.id },
    ]);
    assert.equal(await received(store), { docker: 45, job: 45, last: 5 });
  });
});

test('shares over 1 are refused, and nothing has happened', async () => {
  await withStore(async (store) => {
    await store.commit(tick(NOON, { owners: [engine], rows: [row(engine, NOON, 90)] }));
    for (const shares of [[0.6, 0.6], [1.1], [-0.1], [Number.NaN]]) {
      const moves = shares.map((share, place) => moveTo(`${place}`, share));
      assert.is((await failure(store.move('a', moves))).code, 'internal');
    }
    assert.equal(await received(store), { docker: 90 });
    assert.is(await store.owner(source('0').id), undefined);
    await store.move('a', [moveTo('good', 1)]);
    assert.equal(await received(store), { good: 90 });
  });
});

test('links are not touched, and nobody has nothing to move', async () => {
  await withStore(async (store) => {
    await store.commit(tick(NOON, { links: [linkRow('eth0', NOON, 5)] }));
    await store.move('a', [moveTo('x', 1)]);
    await store.move('b', []);
    assert.is((await store.linkUsage(ALWAYS))[0]?.rxBytes, 5);
  });
});

const rows = fc.array(
  fc.record({
    owner: fc.constantFrom(engine, job),
    end: fc.oneof(
      fc.integer({ min: 0, max: 3 * HOUR }),
      fc.integer({ min: 0, max: 180 }).map((minutes) => minutes * MINUTE),
    ),
    bytes: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 1e12 })),
    packets: fc.integer({ min: 0, max: 1_000 }),
    class: fc.constantFrom('wan' as const, 'proxy' as const, 'lan' as const),
    link: fc.constantFrom('eth0', undefined),
    port: fc.constantFrom(443, 5_000),
  }),
  { minLength: 1, maxLength: 40 },
);
const moves = fc.array(
  fc.record({
    from: fc.integer({ min: -1, max: 3 * HOUR }),
    length: fc.integer({ min: 0, max: 3 * HOUR }),
    weight: fc.integer({ min: 0, max: 10 }),
    fromOwner: fc.constantFrom(engine, job),
    port: fc.constantFrom(undefined, 443),
  }),
  { minLength: 1, maxLength: 5 },
);

test('what one owner loses in a row the others gain, at any age of the rows', async () => {
  await fc.assert(
    fc.asyncProperty(rows, moves, fc.constantFrom(0, 2, 40, 800), async (some, asked, age) => {
      await withStore(async (store, directory) => {
        for (const { owner, end, bytes, packets, port, ...more } of some) {
          const remote = { address: '198.51.100.7', port, protocol: 'tcp' } as const;
          const rest = { ...more, remote, rxPackets: packets, txBytes: packets, txPackets: 1 };
          const rows = [row(owner, NOON + end, bytes, rest)];
          await store.commit(tick(NOON + end, { owners: [engine, job], rows }));
        }
        await store.maintain(NOON + 4 * HOUR + age * DAY);
        const owners = [engine, job, ...asked.map((_, place) => source(`${place}`))];
        const before = await perRow(store, owners);
        const weights = asked.reduce((sum, { weight }) => sum + weight, 0) || 1;
        const list = asked.map(({ from, length, weight, fromOwner, port }, place): Move => {
          const interval = { from: NOON + from, to: NOON + from + length };
          const remotes =
            port === undefined
              ? {}
              : { remotes: [{ address: '198.51.100.7', port, protocol: 'tcp' as const }] };
          return {
            fromOwnerId: fromOwner.id,
            to: source(`${place}`),
            interval,
            share: weight / weights,
            classes: ['wan', 'proxy'],
            ...remotes,
          };
        });
        await store.move('a', list);
        const after = await perRow(store, owners);
        assert.equal(after, before);
        assert.equal(await contradictions(directory), []);
        const settled = await received(store);
        await store.move('a', list);
        assert.equal(await received(store), settled);
        await store.maintain(NOON + 900 * DAY);
        assert.equal(await received(store), settled);
      });
    }),
    { numRuns: 30 },
  );
});

/** Figures of all owners together, per end of interval, class, link and remote. */
async function perRow(store: Store, owners: Owner[]): Promise<Record<string, number[]>> {
  const sums: Record<string, number[]> = {};
  for (const { id } of owners) {
    for (const each of await store.ownerRows(id, ALWAYS)) {
      const key = `${each.interval.to} ${each.class} ${each.link} ${each.remote.address} ${each.remote.port}`;
      const figures = [each.rxBytes, each.txBytes, each.rxPackets, each.txPackets];
      assert.ok(figures.every((figure) => figure >= 0));
      sums[key] = figures.map((figure, place) => figure + (sums[key]?.[place] ?? 0));
    }
  }
  return sums;
}

test.run();
