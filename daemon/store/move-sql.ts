import type { Interval, Traffic } from '../../src/units.js';
import type { Connection } from './connection.js';
import type { TrafficTable } from './owner-rows.js';
import { addOnConflict, columns, HOUR, traffic } from './tables.js';

/** Traffic that goes from one series to another within the rows of one instant. */
export interface RowTransfer extends Traffic {
  table: TrafficTable;
  /** Of the row that it is taken from. */
  interval: Interval;
  fromSeries: number;
  toSeries: number;
}

/** Series with the remote, class, link, tier and proxy of others but another owner, made where there are none. */
const MAKE_TARGETS = `
INSERT INTO series (owner, remote, class, link, tier, proxy)
SELECT owners.id, series.remote, series.class, series.link, series.tier, series.proxy
FROM json_each(?1) pair
JOIN series ON series.id = pair.value ->> 0
JOIN owners ON owners.key = pair.value ->> 1
WHERE true ON CONFLICT DO NOTHING`;
const FIND_TARGETS = `
SELECT pair.key AS place, target.id AS series
FROM json_each(?1) pair
JOIN series source ON source.id = pair.value ->> 0
JOIN owners ON owners.key = pair.value ->> 1
JOIN series target ON target.owner = owners.id AND target.remote = source.remote
  AND target.class = source.class AND target.link = source.link AND target.tier = source.tier
  AND target.proxy = source.proxy`;

/** @returns the target series of each pair, in their order */
export async function targetSeries(
  connection: Connection,
  pairs: readonly { series: number; toOwnerId: string }[],
): Promise<number[]> {
  const json = JSON.stringify(pairs.map(({ series, toOwnerId }) => [series, toOwnerId]));
  await connection.run(MAKE_TARGETS, json);
  const rows = await connection.all<{ place: number; series: number }>(FIND_TARGETS, json);
  const targets: number[] = [];
  for (const { place, series } of rows) targets[place] = series;
  return targets;
}

/** Moves the amounts in the tables they were read from. Seconds and minutes are in hours once more. */
export async function applyTransfers(
  connection: Connection,
  transfers: readonly RowTransfer[],
): Promise<void> {
  const real = transfers.filter(({ fromSeries, toSeries }) => fromSeries !== toSeries);
  for (const table of new Set(real.map((transfer) => transfer.table))) {
    const own = real.filter((transfer) => transfer.table === table);
    await applyTo(connection, table, own);
    if (table === 'traffic_seconds' || table === 'traffic_minutes') {
      await applyTo(connection, 'traffic_hours', own.map(endingWithItsHour));
    }
  }
}

function endingWithItsHour(transfer: RowTransfer): RowTransfer {
  const { from, to } = transfer.interval;
  return { ...transfer, interval: { from, to: Math.ceil(to / HOUR) * HOUR } };
}

async function applyTo(
  connection: Connection,
  table: TrafficTable,
  transfers: readonly RowTransfer[],
): Promise<void> {
  const json = JSON.stringify(
    transfers.map(({ interval, fromSeries, toSeries, rxBytes, txBytes, rxPackets, txPackets }) => {
      return [interval.to, fromSeries, toSeries, interval.from, rxBytes, txBytes, rxPackets, txPackets];
    }),
  );
  for (const sql of transferSql(table)) await connection.run(sql, json);
}

/** Take, give, and remove rows that nothing is left of. */
function transferSql(table: TrafficTable): string[] {
  const figures = traffic.sums.map((column, place) => `SUM(value ->> ${4 + place}) AS ${column}`).join(', ');
  const less = traffic.sums.map((column) => `${column} = row.${column} - taken.${column}`).join(', ');
  const given = traffic.sums.join(', ');
  const nothing = traffic.sums.map((column) => `${column} = 0`).join(' AND ');
  return [
    `UPDATE ${table} AS row SET ${less}
     FROM (
       SELECT value ->> 0 AS ended_at, value ->> 1 AS series, ${figures} FROM json_each(?1) GROUP BY 1, 2
     ) taken
     WHERE row.ended_at = taken.ended_at AND row.series = taken.series`,
    `INSERT INTO ${table} (${columns(traffic)})
     SELECT ended_at, series, began_at, ${given} FROM (
       SELECT value ->> 0 AS ended_at, value ->> 2 AS series, min(value ->> 3) AS began_at, ${figures}
       FROM json_each(?1) GROUP BY 1, 2
     )
     WHERE NOT (${nothing}) ${addOnConflict(traffic)}`,
    `DELETE FROM ${table}
     WHERE (ended_at, series) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1)) AND ${nothing}`,
  ];
}
