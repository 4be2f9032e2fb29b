import type { OwnerKind, Tier, TrafficClass } from '../../src/metering/types.js';
import type { Interval } from '../../src/units.js';
import type { Connection } from './connection.js';
import { partsOf, periodsParameter } from './period-sql.js';
import { traffic } from './tables.js';

/** What one owner moved to one proxy, or with whomever, in one of the periods that were asked for. */
export interface ProxyTraffic {
  /** Its place among them. */
  period: number;
  ownerId: string;
  kind: OwnerKind;
  class: TrafficClass;
  tier: Tier;
  /** Empty: with no proxy. */
  proxy: string;
  rxBytes: number;
  txBytes: number;
  rxPackets: number;
  txPackets: number;
}

const PROXY_TRAFFIC = `${partsOf(traffic)}
SELECT parts.period, owners.key AS ownerId, owners.kind, series.class, series.tier, proxies.name AS proxy,
  SUM(parts.rx_bytes) AS rxBytes, SUM(parts.tx_bytes) AS txBytes,
  SUM(parts.rx_packets) AS rxPackets, SUM(parts.tx_packets) AS txPackets
FROM parts
JOIN series ON series.id = parts.series
JOIN owners ON owners.id = series.owner
JOIN proxies ON proxies.id = series.proxy
WHERE series.proxy > 0 OR (series.class = 'wan' AND owners.key IN (SELECT value FROM json_each(?2)))
GROUP BY parts.period, owners.id, series.class, series.tier, proxies.id`;

/** All that went to proxies, and wan bytes of some owners, in several periods at once. */
export function proxyTraffic(
  reader: Connection,
  periods: readonly Interval[],
  ownerIds: readonly string[],
): Promise<ProxyTraffic[]> {
  const asked = periods.map(({ from, to }) => ({ since: from, until: to }));
  return reader.all<ProxyTraffic>(PROXY_TRAFFIC, periodsParameter(asked), JSON.stringify(ownerIds));
}
