// Pulls settled over a real store.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Settler } from '../../../daemon/pipeline/settler.js';
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
    for (let times = 0; times < 2; times++) await settler.settle(NOON + 10 * SECOND);
    const totals = await store.totals(ends.map((at, i) => `pull:image${i}@${at}`));
    const moved = Object.fromEntries(totals.map((each) => [each.owner.name, each.rxBytes]));
    assert.equal(moved, { image0: 3 * MB, image1: 2 * MB, image2: 2 * MB });
  });
});

test.run();
