// Pulls settled over a real store.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Settler } from '../../../daemon/pipeline/settler.js';
import type { Store } from '../../../daemon/store/types.js';
import type { Build } from '../../../src/builds/types.js';
import { build, step } from '../../src/builds/traffic.js';
import { NOON, row, SECOND, tick, withStore } from '../store/support.js';

const MB = 1_000_000;
const ENGINE = { id: 'engine:lab', kind: 'engine', name: 'docker', facts: {} } as const;

test('pulls told in any order get their ticks, and those of one tick halves of it', async () => {
  await withStore(async (store) => {
    for (const [second, bytes] of [
      [0, 4 * MB],
      [10, 3 * MB],
    ] as const) {
      const end = NOON + second * SECOND;
      await store.commit(tick(end, { owners: [ENGINE], rows: [row(ENGINE, end, bytes)] }));
    }
    const settler = new Settler({
      store,
      engineOwnerId: ENGINE.id,
      buildsIn: async () => [],
      isBuilding: () => false,
      onAttributions: () => {},
    });
    await settler.start(NOON - 60 * SECOND);
    const ends = [NOON + 10 * SECOND - 100, NOON - 200, NOON - 300];
    for (const [i, at] of ends.entries()) settler.pulled({ image: `image${i}`, at });
    for (let times = 0; times < 2; times++) await settler.settle(NOON + 10 * SECOND, true);
    const totals = await store.totals(ends.map((at, i) => `pull:image${i}@${at}`));
    const moved = Object.fromEntries(totals.map((each) => [each.owner.name, each.rxBytes]));
    assert.equal(moved, { image0: 3 * MB, image1: 2 * MB, image2: 2 * MB });
  });
});

test('what the engine moved waits until it would be known that a build had begun', async () => {
  await withStore(async (store) => {
    const { builds, settler } = await scene(store);
    await settler.settle(NOON + SECOND);
    assert.ok(settler.settledUntil < NOON, 'the tick may be that of a build which nobody has told of');
    // It began in the tick that ended at noon, and is told of later.
    const add = step('a', { status: 'done' });
    add.intervals = [{ startedAt: NOON - 500, completedAt: NOON + 500 }];
    builds.push({ ...build('b', [add]), startedAt: NOON - 600, completedAt: NOON + 800 });
    await settler.settle(NOON + SECOND);
    const [total] = await store.totals(['source:b/a']);
    assert.is(total?.rxBytes, 4 * MB);
    assert.is(settler.settledUntil, NOON + SECOND, 'all that this build can have moved');
  });
});

test('a pull waits for the whole of the tick in which it ended', async () => {
  await withStore(async (store) => {
    const { settler } = await scene(store);
    const at = NOON - 100;
    settler.pulled({ image: 'alpine:3', at });
    // Settled into the middle of that tick.
    for (const end of [NOON, NOON + 1950]) await settler.settle(end);
    assert.ok(settler.settledUntil > at && settler.settledUntil < NOON);
    assert.equal(await store.totals([`pull:alpine:3@${at}`]), []);
    await settler.settle(NOON + 2950);
    assert.is((await store.totals([`pull:alpine:3@${at}`]))[0]?.rxBytes, 4 * MB);
  });
});

test('what no build moved is settled some seconds later, and at the end at once', async () => {
  await withStore(async (store) => {
    const { settler } = await scene(store);
    await settler.settle(NOON + 5 * SECOND);
    assert.is(settler.settledUntil, NOON + 3 * SECOND);
    await settler.settle(NOON + 5 * SECOND, true);
    assert.is(settler.settledUntil, NOON + 5 * SECOND);
  });
});

test('a tick that ends well after a build, and what a killed daemon left, are that build’s', async () => {
  await withStore(async (store) => {
    const add = step('a', { status: 'done' });
    add.intervals = [{ startedAt: NOON - 1500, completedAt: NOON - 800 }];
    const only = { ...build('b', [add]), startedAt: NOON - 1600, completedAt: NOON - 700 };
    const settler = new Settler({
      store,
      engineOwnerId: ENGINE.id,
      buildsIn: async (from, to) => (only.startedAt <= to && only.completedAt >= from ? [only] : []),
      isBuilding: () => false,
      onAttributions: () => {},
    });
    // The last tick before the daemon was killed, and the one that covers the time until it ran again.
    await store.commit(tick(NOON - SECOND, { owners: [ENGINE], rows: [row(ENGINE, NOON - SECOND, 3 * MB)] }));
    await settler.start(NOON - SECOND);
    await store.commit(tick(NOON, { owners: [ENGINE], rows: [row(ENGINE, NOON, 4 * MB)] }));
    settler.ticked({ from: NOON - SECOND, to: NOON });
    await settler.settle(NOON);
    for (let after = 1; after < 6; after++) await settler.settle(NOON + after * SECOND);
    assert.is((await store.totals(['source:b/a']))[0]?.rxBytes, 7 * MB);
  });
});

/** 4 MB of the engine's in the second before noon. */
async function scene(store: Store) {
  const builds: Build[] = [];
  await store.commit(tick(NOON, { owners: [ENGINE], rows: [row(ENGINE, NOON, 4 * MB)] }));
  const settler = new Settler({
    store,
    engineOwnerId: ENGINE.id,
    buildsIn: async () => builds,
    isBuilding: () => false,
    onAttributions: () => {},
  });
  await settler.start(NOON - 60 * SECOND);
  return { builds, settler };
}

test.run();
