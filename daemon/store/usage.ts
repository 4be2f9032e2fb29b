import type { Owner, OwnerKind, Tier, TrafficClass } from '../../src/metering/types.js';
import type { LinkRow, PeriodRemote, RemoteUsage, UsageRow } from '../../src/metering/usage.js';
import type { Interval } from '../../src/units.js';
import type { Connection } from './connection.js';
import { partsOf, periodsParameter } from './period-sql.js';
import { link, summed, traffic } from './tables.js';

/** Sums of traffic as the database returns them. */
export interface TrafficColumns {
  rx_bytes: number;
  tx_bytes: number;
  rx_packets: number;
  tx_packets: number;
}

interface UsageColumns extends TrafficColumns {
  key: string;
  kind: OwnerKind;
  name: string;
  facts: string;
  class: TrafficClass;
  link: string;
  tier: Tier;
  proxy: string;
}

/** Sums per series in `sums`, completed to usage rows. */
const USAGE = `
SELECT owners.key, owners.kind, owners.name, owners.facts, series.class, links.name AS link, series.tier,
  proxies.name AS proxy, ${summed(traffic, 'sums')}
FROM sums
JOIN series ON series.id = sums.series
JOIN owners ON owners.id = series.owner
JOIN links ON links.id = series.link
JOIN proxies ON proxies.id = series.proxy`;
const PER_OWNER =
  'GROUP BY owners.id, series.class, links.id, series.tier, proxies.id ORDER BY owners.id, proxies.id';

const PERIOD_USAGE = `${partsOf(traffic)},
sums AS (SELECT series, ${summed(traffic)} FROM parts GROUP BY series)
${USAGE}
WHERE (?2 IS NULL OR owners.key IN (SELECT value FROM json_each(?2)))
  AND (?3 IS NULL OR owners.kind IN (SELECT value FROM json_each(?3)))
${PER_OWNER}`;

/** Every row is in hours or days, whatever finer rows exist. */
const SERIES_TOTALS = `
WITH wanted AS (
  SELECT series.id FROM series JOIN owners ON owners.id = series.owner
  WHERE owners.key IN (SELECT value FROM json_each(?1))
),
sums AS (
  SELECT series, ${summed(traffic)} FROM (
    SELECT * FROM traffic_hours WHERE series IN wanted
    UNION ALL SELECT * FROM traffic_days WHERE series IN wanted
  ) GROUP BY series
)`;

const TOTALS = `${SERIES_TOTALS} ${USAGE} ${PER_OWNER}`;

/** The name it was last reached by. */
const [NAME, SOURCE] = ['name', 'source'].map(
  (of) => `(SELECT ${of} FROM names WHERE names.address = remotes.address ORDER BY last_at DESC LIMIT 1)`,
);
const NAMED = `${NAME} AS name, ${SOURCE} AS nameSource`;

const REMOTES = `${SERIES_TOTALS}
SELECT owners.key AS ownerId, remotes.address, ${NAMED}, remotes.port, remotes.protocol, series.class,
  SUM(sums.rx_bytes) AS rxBytes, SUM(sums.tx_bytes) AS txBytes
FROM sums
JOIN series ON series.id = sums.series
JOIN owners ON owners.id = series.owner
JOIN remotes ON remotes.id = series.remote
GROUP BY owners.id, remotes.id, series.class
ORDER BY rxBytes + txBytes DESC, owners.id, remotes.id`;

/** An empty address stands for remotes that are not known, or known no more. */
const PERIOD_REMOTES = `${partsOf(traffic)},
sums AS (SELECT series, ${summed(traffic)} FROM parts GROUP BY series)
SELECT remotes.address, ${NAMED}, remotes.port, remotes.protocol, series.class,
  SUM(sums.rx_bytes) AS rxBytes, SUM(sums.tx_bytes) AS txBytes, COUNT(DISTINCT series.owner) AS owners
FROM sums
JOIN series ON series.id = sums.series
JOIN remotes ON remotes.id = series.remote
GROUP BY remotes.id, series.class
ORDER BY rxBytes + txBytes DESC, remotes.id
LIMIT ?2`;

const LINK_USAGE = `${partsOf(link)}
SELECT links.name, ${summed(link, 'parts')} FROM parts JOIN links ON links.id = parts.link
GROUP BY links.id ORDER BY links.id`;

export interface UsageFilter {
  ownerIds?: string[];
  kinds?: OwnerKind[];
}

export async function usage(
  reader: Connection,
  { from, to }: Interval,
  { ownerIds, kinds }: UsageFilter = {},
): Promise<UsageRow[]> {
  const rows = await reader.all<UsageColumns>(
    PERIOD_USAGE,
    periodsParameter([{ since: from, until: to }]),
    ownerIds === undefined ? null : JSON.stringify(ownerIds),
    kinds === undefined ? null : JSON.stringify(kinds),
  );
  return rows.map(usageRow);
}

export async function totals(reader: Connection, ownerIds: string[]): Promise<UsageRow[]> {
  const rows = await reader.all<UsageColumns>(TOTALS, JSON.stringify(ownerIds));
  return rows.map(usageRow);
}

export function remotes(reader: Connection, ownerIds: string[]): Promise<RemoteUsage[]> {
  return reader.all<RemoteUsage>(REMOTES, JSON.stringify(ownerIds));
}

export function periodRemotes(
  reader: Connection,
  { from, to }: Interval,
  limit: number,
): Promise<PeriodRemote[]> {
  return reader.all<PeriodRemote>(PERIOD_REMOTES, periodsParameter([{ since: from, until: to }]), limit);
}

export async function linkUsage(reader: Connection, period: Interval): Promise<LinkRow[]> {
  const rows = await reader.all<TrafficColumns & { name: string; tx_dropped: number | null }>(
    LINK_USAGE,
    periodsParameter([{ since: period.from, until: period.to }]),
  );
  return rows.map((row) => ({
    link: row.name,
    interval: { ...period },
    ...trafficOf(row),
    txDropped: row.tx_dropped ?? undefined,
  }));
}

export function trafficOf({ rx_bytes, tx_bytes, rx_packets, tx_packets }: TrafficColumns) {
  return { rxBytes: rx_bytes, txBytes: tx_bytes, rxPackets: rx_packets, txPackets: tx_packets };
}

export function ownerOf(row: { key: string; kind: OwnerKind; name: string; facts: string }): Owner {
  return { id: row.key, kind: row.kind, name: row.name, facts: JSON.parse(row.facts) };
}

function usageRow(row: UsageColumns): UsageRow {
  return {
    owner: ownerOf(row),
    class: row.class,
    link: row.link === '' ? undefined : row.link,
    tier: row.tier,
    ...(row.proxy !== '' && { proxy: row.proxy }),
    ...trafficOf(row),
  };
}
