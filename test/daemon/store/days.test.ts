import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { container, DAY, failure, HOUR, row, SECOND, tick, withStore } from './support.js';

const web = container('web');

test('wan bytes, by the day that the clock on the wall shows', async () => {
  await withStore(async (store) => {
    // The night in which Berlin's clocks go forward: 29 March has 23 hours.
    const midnight = Date.UTC(2026, 2, 28, 23);
    const next = Date.UTC(2026, 2, 29, 22);
    const rows = [
      row(web, midnight - HOUR, 1),
      row(web, midnight, 10),
      row(web, midnight + 1, 100),
      row(web, next, 1_000, { txBytes: 5 }),
      row(web, next + SECOND, 10_000),
      row(web, next, 7, { class: 'lan' }),
    ];
    await store.commit(tick(next + SECOND, { owners: [web], rows }));
    const days = (from: number, to: number, zone = 'Europe/Berlin') => store.days({ from, to }, zone);
    assert.equal(await days(0, next + 5 * DAY), [
      { date: '2026-03-28', usedBytes: 11 },
      { date: '2026-03-29', usedBytes: 1_105 },
      { date: '2026-03-30', usedBytes: 10_000 },
    ]);
    assert.equal(await days(midnight - 1, next - 1), [
      { date: '2026-03-28', usedBytes: 10 },
      { date: '2026-03-29', usedBytes: 100 },
    ]);
    assert.equal(await days(0, next + 5 * DAY, 'UTC'), [
      { date: '2026-03-28', usedBytes: 111 },
      { date: '2026-03-29', usedBytes: 11_005 },
    ]);
    await store.maintain(next + 40 * DAY);
    assert.equal(await days(0, next + 5 * DAY), [
      { date: '2026-03-28', usedBytes: 11 },
      { date: '2026-03-29', usedBytes: 1_105 },
      { date: '2026-03-30', usedBytes: 10_000 },
    ]);
  });
});

test('half an hour off is exact while minutes are kept', async () => {
  await withStore(async (store) => {
    const midnight = Date.UTC(2026, 0, 31, 18, 30);
    const rows = [row(web, midnight, 1), row(web, midnight + 1, 10)];
    await store.commit(tick(midnight + 1, { owners: [web], rows }));
    const expected = [
      { date: '2026-01-31', usedBytes: 1 },
      { date: '2026-02-01', usedBytes: 10 },
    ];
    for (const now of [midnight, midnight + 3 * DAY]) {
      await store.maintain(now);
      assert.equal(await store.days({ from: 0, to: midnight + HOUR }, 'Asia/Kolkata'), expected);
    }
  });
});

test('days on which nothing moved are 0 between those that are known, and absent outside', async () => {
  await withStore(async (store) => {
    const noon = Date.UTC(2026, 2, 9, 12);
    const period = { from: noon - 10 * DAY, to: noon + 10 * DAY };
    assert.equal(await store.days(period, 'UTC'), []);
    await store.commit(tick(noon, { owners: [web], rows: [row(web, noon, 4)] }));
    await store.commit(tick(noon + 2 * DAY));
    assert.equal(await store.days(period, 'UTC'), [
      { date: '2026-03-09', usedBytes: 4 },
      { date: '2026-03-10', usedBytes: 0 },
      { date: '2026-03-11', usedBytes: 0 },
    ]);
    assert.is((await failure(store.days(period, 'Nowhere/Else'))).code, 'usage');
  });
});

test.run();
