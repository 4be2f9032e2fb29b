import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientLog } from '../../../src/builds/client-log/types.js';
import { declaredCosts } from '../../../src/builds/declared.js';

const log = (client: ClientLog['client'], facts: Partial<ClientLog>): ClientLog => ({
  client,
  downloadedBytes: undefined,
  cachedBytes: undefined,
  neededBytes: undefined,
  roundingBytes: 0,
  isPartial: false,
  ...facts,
});

test('what clients had already is on top, as sure as sizes are printed', () => {
  const [cost] = declaredCosts(
    [
      log('apt', { downloadedBytes: 5, cachedBytes: 1_000, roundingBytes: 50 }),
      log('pip', { cachedBytes: 20, roundingBytes: 5 }),
    ],
    undefined,
  )!;
  assert.equal(cost, {
    bytes: 1_020,
    lowBytes: 965,
    highBytes: 1_075,
    isOnTop: true,
    basis: 'derived',
    source: 'what apt and pip said',
  });
});

test('beside a client that does not say what it had, or after a cut log, it is an estimate', () => {
  const apt = log('apt', { cachedBytes: 1_000 });
  assert.is(declaredCosts([apt], undefined)?.[0]?.basis, 'derived');
  assert.is(declaredCosts([apt, log('cargo', { downloadedBytes: 5 })], undefined)?.[0]?.basis, 'estimated');
  assert.is(declaredCosts([{ ...apt, isPartial: true }], undefined)?.[0]?.basis, 'estimated');
});

test('clients that are silent about their caches say nothing of a cold run', () => {
  assert.is(declaredCosts([log('cargo', { downloadedBytes: 5_000 })], undefined), undefined);
  assert.is(declaredCosts([log('pip', { downloadedBytes: 5_000 })], undefined), undefined);
  assert.is(declaredCosts([], undefined), undefined);
});

test('an image costs what its manifest says, all of it', () => {
  const [cost] = declaredCosts([], 23_000)!;
  assert.is(cost?.bytes, 23_000);
  assert.is(cost?.isOnTop, false);
});

test.run();
