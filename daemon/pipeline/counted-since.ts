import type { EpochMs } from '../../src/units.js';
import { COUNTED_SINCE } from '../store/counted-since.js';
import type { Store } from '../store/types.js';
import type { OpenTier } from './tier.js';

/** Since when bytes have been counted without a gap: from now on, unless the kernel went on from before. */
export async function countedSince(tier: OpenTier, store: Store, now: EpochMs): Promise<EpochMs> {
  const since = (await goesOn(tier, store)) ? await store.meta(COUNTED_SINCE) : undefined;
  if (since !== undefined) return Number(since);
  await store.setMeta(COUNTED_SINCE, String(now));
  return now;
}

/** Whether the store knows how far the kernel's counters were counted, those of another version included. */
async function goesOn(tier: OpenTier, store: Store): Promise<boolean> {
  if (tier.tier !== 'exact') return false;
  for (const { epoch } of [tier.meter, ...tier.meter.inherited]) {
    if ((await store.positions(epoch)).length > 0) return true;
  }
  return false;
}
