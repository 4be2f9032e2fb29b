import { LocalDays } from '../../src/time/local-days.js';
import type { Interval } from '../../src/units.js';
import type { Connection } from './connection.js';
import { inRange, partsOf, periodsParameter } from './period-sql.js';
import { traffic } from './tables.js';

/** First and last instant of which something is recorded. Hours end in the future; ticks and finer rows do not. */
const RECORDED = `
SELECT
  (SELECT min(began_at) FROM (${firstRows('hours')} UNION ALL ${firstRows('days')})) AS first,
  max(coalesce(last_tick_at, 0),
    coalesce((SELECT max(ended_at) FROM traffic_seconds), 0),
    coalesce((SELECT max(ended_at) FROM traffic_minutes), 0)) AS last
FROM state`;

const WAN_BYTES = `${partsOf(traffic)}
SELECT parts.period, SUM(parts.rx_bytes + parts.tx_bytes) AS bytes
FROM parts JOIN series ON series.id = parts.series
WHERE series.class = 'wan' GROUP BY parts.period`;

export interface DayUsage {
  date: string;
  usedBytes: number;
}

/** Wan bytes of the local days that a period touches, as far as something is recorded. */
export async function usagePerDay(
  reader: Connection,
  period: Interval,
  timeZone: string,
): Promise<DayUsage[]> {
  const localDays = new LocalDays(timeZone);
  const recorded = await reader.get<{ first: number | null; last: number }>(RECORDED);
  if (recorded === undefined || recorded.first === null) return [];
  const since = inRange(period.from);
  const until = inRange(period.to);
  const days = localDays
    .covering(Math.max(since, recorded.first), Math.min(until, recorded.last))
    .map((day) => ({ ...day, since: Math.max(since, day.since), until: Math.min(until, day.until) }));
  const rows = await reader.all<{ period: number; bytes: number }>(WAN_BYTES, periodsParameter(days));
  const bytes = new Map(rows.map((row) => [row.period, row.bytes]));
  return days.map(({ date }, place) => ({ date, usedBytes: bytes.get(place) ?? 0 }));
}

function firstRows(level: string): string {
  return `SELECT began_at FROM traffic_${level} WHERE ended_at = (SELECT min(ended_at) FROM traffic_${level})`;
}
