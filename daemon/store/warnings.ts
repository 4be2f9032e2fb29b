/** Warnings that were given, so that each is given once, whatever happens to the daemon. */
import type { EpochMs } from '../../src/units.js';
import type { Connection } from './connection.js';

export interface StoredWarning {
  /** What it is about. */
  key: string;
  code: string;
  message: string;
  at: EpochMs;
  /** False for what was passed together with something worse, which was told instead. */
  told: boolean;
  seen: boolean;
  /** False once it is over: it may be given again. */
  holds: boolean;
}

interface Columns extends Omit<StoredWarning, 'told' | 'seen' | 'holds'> {
  told: number;
  seen: number;
  holds: number;
}

/** All of them or none, so that what was told and what went with it are known together. */
const RAISE = `
INSERT INTO warnings (key, code, message, at, told)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
ON CONFLICT (key) DO UPDATE SET
  code = excluded.code, message = excluded.message, at = excluded.at, told = excluded.told, seen = 0, holds = 1`;

export async function raiseWarnings(
  connection: Connection,
  warnings: readonly Omit<StoredWarning, 'seen' | 'holds'>[],
): Promise<void> {
  const rows = warnings.map(({ key, code, message, at, told }) => [
    key,
    code,
    message,
    Math.round(at),
    told ? 1 : 0,
  ]);
  await connection.run(RAISE, JSON.stringify(rows));
}

/** They are over. */
export async function endWarnings(connection: Connection, keys: readonly string[]): Promise<void> {
  await connection.run(
    'UPDATE warnings SET holds = 0 WHERE key IN (SELECT value FROM json_each(?))',
    JSON.stringify(keys),
  );
}

export async function markWarningsSeen(connection: Connection, until: EpochMs): Promise<void> {
  await connection.run('UPDATE warnings SET seen = 1 WHERE seen = 0 AND at <= ?', Math.round(until));
}

/** Those that hold, and those given since an instant; oldest first. */
export async function listWarnings(reader: Connection, since: EpochMs): Promise<StoredWarning[]> {
  const rows = await reader.all<Columns>(
    'SELECT key, code, message, at, told, seen, holds FROM warnings WHERE holds = 1 OR at > ? ORDER BY at, key',
    Math.round(since),
  );
  return rows.map((row) => ({ ...row, told: row.told === 1, seen: row.seen === 1, holds: row.holds === 1 }));
}

/** What is long over and forgotten. */
export async function dropWarnings(connection: Connection, before: EpochMs): Promise<void> {
  await connection.run('DELETE FROM warnings WHERE at <= ?', Math.round(before));
}
