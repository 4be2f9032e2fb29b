/** Counters of a link between two samples, and their positions as the store keeps them. */
import type { Milliseconds, Traffic } from '../units.js';
import { counterDelta, LINK_BYTES, LINK_PACKETS } from './deltas.js';
import type { CounterPosition, LinkCounters } from './types.js';

export interface LinkDelta extends Traffic {
  txDropped: number | undefined;
}

/** Counters of an interface that has just been created. */
export const NEW_LINK: LinkCounters = { rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0, txDropped: 0 };

/**
 * What a link counted between two samples.
 * @param elapsed true time between them
 * @returns `undefined` when any of the four counters cannot be told: a half-known link reconciles with nothing
 */
export function linkDelta(
  before: LinkCounters | undefined,
  now: LinkCounters,
  elapsed: Milliseconds,
): LinkDelta | undefined {
  const rxBytes = counterDelta(before?.rxBytes, now.rxBytes, elapsed, LINK_BYTES);
  const txBytes = counterDelta(before?.txBytes, now.txBytes, elapsed, LINK_BYTES);
  const rxPackets = counterDelta(before?.rxPackets, now.rxPackets, elapsed, LINK_PACKETS);
  const txPackets = counterDelta(before?.txPackets, now.txPackets, elapsed, LINK_PACKETS);
  if (rxBytes === undefined || txBytes === undefined) return undefined;
  if (rxPackets === undefined || txPackets === undefined) return undefined;
  const txDropped = counterDelta(before?.txDropped, now.txDropped, elapsed, LINK_PACKETS);
  return { rxBytes, txBytes, rxPackets, txPackets, txDropped };
}

/** What to store with the rows that were made from these counters. */
export function linkPositions(key: string, counters: LinkCounters): CounterPosition[] {
  return [
    { key: `${key} rx`, bytes: counters.rxBytes, packets: counters.rxPackets },
    { key: `${key} tx`, bytes: counters.txBytes, packets: counters.txPackets },
  ];
}

/**
 * Counters as they were stored, to go on from after a restart. Drops are not stored: the first delta after a
 * restart does not know them.
 */
export function storedLinkCounters(
  key: string,
  stored: (key: string) => CounterPosition | undefined,
): LinkCounters | undefined {
  const rx = stored(`${key} rx`);
  const tx = stored(`${key} tx`);
  if (rx === undefined || tx === undefined) return undefined;
  return {
    rxBytes: rx.bytes,
    txBytes: tx.bytes,
    rxPackets: rx.packets,
    txPackets: tx.packets,
    txDropped: undefined,
  };
}
