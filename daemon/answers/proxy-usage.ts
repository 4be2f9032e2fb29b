import { type ProxyUsage, proxyUsage } from '../../src/proxies/usage.js';
import type { Interval } from '../../src/units.js';
import type { Store } from '../store/types.js';

/**
 * What each proxy delivered and fetched in a period.
 * @param beyond names of proxies that are reached over an uplink
 */
export async function proxyUsageIn(
  store: Store,
  period: Interval,
  beyond: ReadonlySet<string>,
): Promise<ProxyUsage[]> {
  const [usage, owners] = await Promise.all([store.usage(period), store.proxyOwners(period)]);
  const owned = await Promise.all(
    owners.map(async (owner) => ({
      owner,
      usage: await store.usage(owner.interval, { ownerIds: [owner.ownerId] }),
    })),
  );
  return proxyUsage({ usage, owners: owned, beyond });
}
