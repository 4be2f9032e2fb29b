import type { Remote, Tier, TrafficClass, TrafficRow } from '../../src/metering/types.js';
import type { Interval } from '../../src/units.js';
import type { Connection } from './connection.js';
import { inRange } from './period-sql.js';
import { type TrafficColumns, trafficOf } from './usage.js';

/** Tables of traffic, by whether their rows are read after or up to `fine_since`. */
const FINE = ['traffic_seconds', 'traffic_minutes'] as const;
const COARSE = ['traffic_hours', 'traffic_days'] as const;

export type TrafficTable = (typeof FINE)[number] | (typeof COARSE)[number];

/** A stored row with where it is stored. */
export interface StoredRow {
  table: TrafficTable;
  series: number;
  row: TrafficRow;
}

interface Columns extends TrafficColumns {
  place: TrafficTable;
  series: number;
  began_at: number;
  ended_at: number;
  address: string;
  port: number;
  protocol: Remote['protocol'];
  class: TrafficClass;
  link: string;
  tier: Tier;
  proxy: string;
}

const ROWS = `
WITH wanted AS (
  SELECT series.id FROM series JOIN owners ON owners.id = series.owner WHERE owners.key = ?1
),
found AS (
  ${[...FINE.map((table) => rowsIn(table, true)), ...COARSE.map((table) => rowsIn(table, false))].join(' UNION ALL ')}
)
SELECT found.*, remotes.address, remotes.port, remotes.protocol, series.class, links.name AS link, series.tier,
  proxies.name AS proxy
FROM found
JOIN series ON series.id = found.series
JOIN remotes ON remotes.id = series.remote
JOIN links ON links.id = series.link
JOIN proxies ON proxies.id = series.proxy
ORDER BY found.ended_at, found.began_at, found.series`;

/** Rows of one owner that end in a period, oldest first, each byte once, from the finest table that has it. */
export async function storedRows(
  connection: Connection,
  ownerId: string,
  { from, to }: Interval,
): Promise<StoredRow[]> {
  const rows = await connection.all<Columns>(ROWS, ownerId, inRange(from), inRange(to));
  return rows.map((columns) => ({
    table: columns.place,
    series: columns.series,
    row: trafficRow(ownerId, columns),
  }));
}

function rowsIn(table: TrafficTable, fine: boolean): string {
  const since = fine ? 'max(?2, (SELECT fine_since FROM state))' : '?2';
  const until = fine ? '?3' : 'min(?3, (SELECT fine_since FROM state))';
  return `SELECT '${table}' AS place, * FROM ${table}
    WHERE ended_at > ${since} AND ended_at <= ${until} AND +series IN wanted`;
}

function trafficRow(ownerId: string, row: Columns): TrafficRow {
  return {
    ownerId,
    remote: { address: row.address, port: row.port, protocol: row.protocol },
    class: row.class,
    link: row.link === '' ? undefined : row.link,
    tier: row.tier,
    ...(row.proxy !== '' && { proxy: row.proxy }),
    interval: { from: row.began_at, to: row.ended_at },
    ...trafficOf(row),
  };
}
