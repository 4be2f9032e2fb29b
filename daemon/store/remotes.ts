import type { EpochMs } from '../../src/units.js';
import type { Connection } from './connection.js';
import { nextChunk, repeat } from './roll-up.js';
import type { SeriesCache } from './series-cache.js';
import { addOnConflict, columns, summed, traffic } from './tables.js';
import type { Writer } from './writer.js';

/** Ids of a dictionary that one transaction looks through. */
const IDS = 4_000;

/** The series that differs from `series` only in that its remote is not known. */
const BLANK = `JOIN series blank ON blank.owner = series.owner AND blank.remote = 0
  AND blank.class = series.class AND blank.link = series.link AND blank.tier = series.tier
  AND blank.proxy = series.proxy`;

const NAMED_HOURS = `
FROM traffic_hours row JOIN series ON series.id = row.series AND series.remote <> 0`;
const WITHIN = 'row.ended_at > ?1 AND row.ended_at <= ?2';

const MAKE_BLANKS = `
INSERT INTO series (owner, remote, class, link, tier, proxy)
SELECT DISTINCT series.owner, 0, series.class, series.link, series.tier, series.proxy ${NAMED_HOURS}
WHERE ${WITHIN} ON CONFLICT DO NOTHING`;
const ADD_TO_BLANKS = `
INSERT INTO traffic_hours (${columns(traffic)})
SELECT row.ended_at, blank.id, min(row.began_at), ${summed(traffic, 'row')} ${NAMED_HOURS} ${BLANK}
WHERE ${WITHIN} GROUP BY row.ended_at, blank.id ${addOnConflict(traffic)}`;
const REMOVE_NAMED = `
DELETE FROM traffic_hours AS row WHERE ${WITHIN}
AND (SELECT remote FROM series WHERE id = row.series) <> 0`;

/** Adds up what hours in (since, until] hold per remote, so that whom somebody talked to is forgotten. */
export async function forgetRemotes(connection: Connection, since: EpochMs, until: EpochMs): Promise<void> {
  for (const sql of [MAKE_BLANKS, ADD_TO_BLANKS, REMOVE_NAMED]) await connection.run(sql, since, until);
}

/** Does so for all hours whose finer rows are gone. */
export async function forgetOldRemotes(writer: Writer): Promise<void> {
  await repeat(writer, async (connection) => {
    const state = await connection.get<{ fine_since: number; remotes_since: number }>(
      'SELECT fine_since, remotes_since FROM state',
    );
    const { fine_since: until, remotes_since: since } = state!;
    const chunk = await nextChunk(connection, 'traffic_hours', since, until);
    if (chunk === undefined) return false;
    await forgetRemotes(connection, since, chunk.end);
    await connection.run('UPDATE state SET remotes_since = ?', chunk.end);
    return true;
  });
}

/** Deletes series without rows, then remotes and proxies without series. */
export async function pruneDictionaries(writer: Writer, series: SeriesCache): Promise<void> {
  await prune(
    writer,
    'series',
    `NOT EXISTS (SELECT 1 FROM traffic_hours WHERE series = series.id)
     AND NOT EXISTS (SELECT 1 FROM traffic_days WHERE series = series.id)`,
    // In the same transaction: the next tick must not use an id that is gone.
    () => series.clear(),
  );
  await prune(writer, 'remotes', 'id > 0 AND NOT EXISTS (SELECT 1 FROM series WHERE remote = remotes.id)');
  await prune(
    writer,
    'proxies',
    `id > 0 AND NOT EXISTS (SELECT 1 FROM series WHERE proxy = proxies.id)
     AND NOT EXISTS (SELECT 1 FROM proxy_owners WHERE proxy = proxies.id)`,
  );
}

async function prune(
  writer: Writer,
  table: string,
  unused: string,
  removed: () => void = () => undefined,
): Promise<void> {
  let last = -1;
  await repeat(writer, async (connection) => {
    const row = await connection.get<{ id: number | null }>(
      `SELECT max(id) AS id FROM (SELECT id FROM ${table} WHERE id > ? ORDER BY id LIMIT ${IDS})`,
      last,
    );
    if (row === undefined || row.id === null) return false;
    const deleted = await connection.run(
      `DELETE FROM ${table} WHERE id > ? AND id <= ? AND ${unused}`,
      last,
      row.id,
    );
    if (deleted > 0) removed();
    last = row.id;
    return true;
  });
}
