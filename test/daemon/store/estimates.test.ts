import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NewEstimate } from '../../../daemon/store/estimates.js';
import { inDirectory, NOON, open } from './support.js';

const estimate = (madeAt: number, fetchBytes: number | undefined): NewEstimate => ({
  madeAt,
  context: '/shop',
  dockerfile: '/shop/Dockerfile',
  fetchBytes,
  lowBytes: 0,
  highBytes: undefined,
  inputs: { 'COPY . .': { digest: 'abc', files: { 'a.txt': '1' }, newestAt: 7, newest: 'a.txt' } },
});

test('estimates are kept with what their builds were to copy; unknown stays unknown', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    await store.saveEstimate(estimate(NOON, undefined));
    await store.saveEstimate(estimate(NOON + 1, 5_000_000_000));
    assert.equal(await store.estimates(NOON, NOON + 9), [{ id: 2, ...estimate(NOON + 1, 5_000_000_000) }]);
    assert.equal(await store.estimates(NOON - 1, NOON), [{ id: 1, ...estimate(NOON, undefined) }]);
    await store.close();
  });
});

test('of older ones, the files are forgotten', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    for (let at = 1; at <= 205; at++) await store.saveEstimate(estimate(NOON + at, at));
    const kept = await store.estimates(NOON, NOON + 1000);
    assert.is(kept.length, 205);
    assert.equal(
      kept.map((each) => each.inputs !== undefined),
      Array.from({ length: 205 }, (_, index) => index >= 5),
    );
    await store.close();
  });
});

test.run();
