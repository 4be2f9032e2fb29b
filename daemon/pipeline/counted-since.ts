import type { EpochMs } from '../../src/units.js';
import type { Store } from '../store/types.js';
import type { OpenTier } from './tier.js';

const KEY = 'counted-since';

/** Since when bytes have been counted without a gap: from now on, unless the kernel went on from before. */
export async function countedSince(tier: OpenTier, store: Store, now: EpochMs): Promise<EpochMs> {
  const since = (await goesOn(tier, store)) ? await store.meta(KEY) : undefined;
  if (since !== undefined) return Number(since);
  await store.setMeta(KEY, String(now));
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
