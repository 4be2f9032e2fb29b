import type { EpochMs } from '../../src/units.js';
import type { Connection } from './connection.js';
import { addOnConflict, columns, type Family, type Level, summed } from './tables.js';
import type { Writer } from './writer.js';

/** Rows that one transaction takes up: some ten milliseconds, for which a tick may have to wait. */
const CHUNK = 4_000;

interface Chunk {
  /** The first instant in it. */
  first: EpochMs;
  /** The last one. */
  end: EpochMs;
}

/** The oldest rows of a table within (since, until], not many of them; instants are not split. */
export async function nextChunk(
  connection: Connection,
  table: string,
  since: EpochMs,
  until: EpochMs,
): Promise<Chunk | undefined> {
  const within = `FROM ${table} WHERE ended_at > ?1 AND ended_at <= ?2`;
  const row = await connection.get<{ first: number | null; full: number | null }>(
    `SELECT (SELECT min(ended_at) ${within}) AS first,
       (SELECT ended_at ${within} ORDER BY ended_at LIMIT 1 OFFSET ${CHUNK - 1}) AS full`,
    since,
    until,
  );
  if (row === undefined || row.first === null) return undefined;
  return { first: row.first, end: row.full ?? until };
}

interface RollUp {
  family: Family;
  from: Level;
  to: Level;
  /** The end of a bucket. */
  until: EpochMs;
  /** The end of the bucket that an instant falls into. */
  bucketEnd: (instant: EpochMs) => EpochMs;
  /** Done to the rows of a chunk before they are moved, in its transaction. */
  prepare?: (connection: Connection, chunk: Chunk) => Promise<void>;
}

/**
 * Moves rows into the buckets of a coarser level, a part of a bucket at a time. Buckets are added to, so it
 * does not matter in how many steps one is filled, nor when: rows that a wrong clock dated long ago are
 * taken up by the next call.
 */
export async function rollUp(writer: Writer, { family, from, to, ...how }: RollUp): Promise<void> {
  const source = `${family.name}_${from}`;
  const add = `
    INSERT INTO ${family.name}_${to} (${columns(family)})
    SELECT ?2, ${family.key}, min(began_at), ${summed(family)} FROM ${source}
    WHERE ended_at <= ?1 GROUP BY ${family.key} ${addOnConflict(family)}`;
  const remove = `DELETE FROM ${source} WHERE ended_at <= ?1`;
  await repeat(writer, async (connection) => {
    const chunk = await nextChunk(connection, source, -1, how.until);
    if (chunk === undefined) return false;
    const bucket = how.bucketEnd(chunk.first);
    const end = Math.min(chunk.end, bucket);
    await how.prepare?.(connection, { first: chunk.first, end });
    await connection.run(add, end, bucket);
    await connection.run(remove, end);
    return true;
  });
}

/** Deletes all rows of a table that end up to `until`. */
export async function dropRows(writer: Writer, table: string, until: EpochMs): Promise<void> {
  await repeat(writer, async (connection) => {
    const chunk = await nextChunk(connection, table, -1, until);
    if (chunk === undefined) return false;
    await connection.run(`DELETE FROM ${table} WHERE ended_at <= ?`, chunk.end);
    return true;
  });
}

/** Runs `step` in one transaction after another, other writers in between, until it returns false. */
export async function repeat(
  writer: Writer,
  step: (connection: Connection) => Promise<boolean>,
): Promise<void> {
  while (await writer.transaction(step));
}
