import { NetmeterError } from '../../src/errors.js';
import type { EpochMs } from '../../src/units.js';
import { Connection } from './connection.js';
import { hasContent, readablePath, whyUnreadable } from './database-file.js';
import { knownVersion, refuseForeign } from './examine.js';
import { migrations } from './migrations/index.js';
import { SqliteStore } from './sqlite-store.js';
import type { Store } from './types.js';

/**
 * Opens the database of a state directory that this process may perhaps not write. What a killed daemon
 * left in the write-ahead log is seen.
 *
 * @throws NetmeterError `not-found`, `permission-denied`, `database-newer`, `database-older`,
 * `database-damaged`, `state-dir-unusable`
 */
export async function openForReading(directory: string, now: () => EpochMs): Promise<Store> {
  const path = readablePath(directory);
  let reader: Connection;
  try {
    await refuseForeign(path);
    reader = await connect(path);
  } catch (error) {
    throw isUnusable(error) ? (whyUnreadable(path) ?? error) : error;
  }
  try {
    await refuseOlder(reader);
  } catch (error) {
    await reader.close();
    throw error;
  }
  const opened = { created: false, migratedFrom: undefined, unclean: false, setAside: undefined };
  return new SqliteStore({ opened, reader, writing: undefined, now });
}

/**
 * In WAL mode even a reader makes files beside the database. Where it may not, and nothing is in the log,
 * the file alone is all there is and does not change.
 */
async function connect(path: string): Promise<Connection> {
  const reader = await Connection.open(path, { readOnly: true });
  try {
    await knownVersion(reader);
    return reader;
  } catch (error) {
    await reader.close();
    if (!isUnusable(error) || hasContent(`${path}-wal`)) throw error;
    return Connection.open(path, { readOnly: true, immutable: true });
  }
}

async function refuseOlder(reader: Connection): Promise<void> {
  const version = await knownVersion(reader);
  if (version === migrations.length) return;
  throw new NetmeterError(
    'database-older',
    `${reader.path} has schema ${version}; this netmeter reads schema ${migrations.length}`,
    { hint: 'start the daemon once, it brings the database up to date: netmeter start' },
  );
}

function isUnusable(error: unknown): boolean {
  return error instanceof NetmeterError && error.code === 'state-dir-unusable';
}
