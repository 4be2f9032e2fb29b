import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Draft, MeterLoop, type TickSource } from '../../../daemon/pipeline/meter-loop.js';
import type { TickBatch } from '../../../daemon/store/types.js';
import { container, NOON, row, SECOND, withStore } from '../store/support.js';

const WEB = container('web');
const NOTHING: Draft = { tier: 'exact', rows: [], links: [], owners: [], positions: [], forget: [] };

/** A clock that only what is sampled moves on. */
function handClock() {
  let past = 0;
  return {
    clock: { now: () => NOON + past, boot: () => past, monotonic: () => past },
    pass: (ms: number) => {
      past += ms;
    },
  };
}

function source(name: string, draft: () => Draft): TickSource {
  return { name, draft, accept: () => {} };
}

test('a tick ends when the counters were read, however long what comes before and after that takes', async () => {
  await withStore(async (store) => {
    const { clock, pass } = handClock();
    const batches: TickBatch[] = [];
    const slow = source('slow', () => {
      pass(70);
      return NOTHING;
    });
    const counters = source('counters', () => {
      pass(20);
      const readAt = { wall: clock.now(), boot: clock.boot() };
      pass(300);
      const { interval: _, tier: __, ...drafted } = row(WEB, 0, 1000);
      return { ...NOTHING, owners: [WEB], rows: [drafted], readAt };
    });
    const loop = new MeterLoop({
      sources: [slow, counters],
      store,
      clock,
      log: { info: () => {}, error: () => {} } as never,
      tickMs: SECOND,
      epoch: () => 'one',
      countedSince: NOON - SECOND,
      onCommit: (batch) => batches.push(batch),
    });
    await loop.start();
    pass(500);
    await loop.stop();
    const ends = batches.map(({ interval }) => interval.to - NOON);
    assert.equal(ends, [90, 90 + 300 + 500 + 90]);
    assert.equal(
      batches.map(({ rows }) => rows[0]?.interval),
      [
        { from: NOON - SECOND, to: NOON + 90 },
        { from: NOON + 90, to: NOON + 980 },
      ],
      'one after the other, without a gap',
    );
    assert.equal(
      (await store.ownerRows(WEB.id, { from: NOON, to: NOON + SECOND })).map(({ interval }) => interval.to),
      [NOON + 90, NOON + 980],
    );
  });
});

test.run();
