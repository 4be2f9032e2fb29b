import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { linkDelta, linkPositions, NEW_LINK, storedLinkCounters } from '../../../src/metering/link-deltas.js';
import type { LinkCounters } from '../../../src/metering/types.js';

const before: LinkCounters = { rxBytes: 1000, txBytes: 200, rxPackets: 10, txPackets: 4, txDropped: 1 };
const now: LinkCounters = { rxBytes: 4000, txBytes: 260, rxPackets: 12, txPackets: 5, txDropped: 1 };

test('each counter on its own', () => {
  const delta = { rxBytes: 3000, txBytes: 60, rxPackets: 2, txPackets: 1, txDropped: 0 };
  assert.equal(linkDelta(before, now, 1000), delta);
});

test('a link that was there before has no first delta, a new one has', () => {
  assert.is(linkDelta(undefined, now, 1000), undefined);
  assert.equal(linkDelta(NEW_LINK, now, 1000), now);
});

test('one counter that was reset makes the whole unknowable', () => {
  for (const name of ['rxBytes', 'txBytes', 'rxPackets', 'txPackets'] as const) {
    assert.is(linkDelta({ ...before, [name]: 1e10 }, now, 1000), undefined, name);
  }
});

test('unknown drops leave the rest known', () => {
  const delta = linkDelta({ ...before, txDropped: undefined }, now, 1000);
  assert.is(delta?.rxBytes, 3000);
  assert.is(delta?.txDropped, undefined);
});

test('a restart goes on from the stored positions', () => {
  const stored = new Map(linkPositions('link:wlan0#3', before).map((position) => [position.key, position]));
  const again = storedLinkCounters('link:wlan0#3', (key) => stored.get(key));
  assert.equal(again, { ...before, txDropped: undefined });
  assert.is(linkDelta(again, now, 1000)?.rxBytes, 3000);
  assert.is(
    storedLinkCounters('link:wlan0#4', (key) => stored.get(key)),
    undefined,
  );
});

test.run();
