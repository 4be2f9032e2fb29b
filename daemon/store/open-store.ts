import { closeSync, renameSync } from 'node:fs';
import { NetmeterError } from '../../src/errors.js';
import { LocalDays } from '../../src/time/local-days.js';
import type { EpochMs } from '../../src/units.js';
import { Connection } from './connection.js';
import {
  COMPANIONS,
  databasePath,
  type FileOwner,
  hasContent,
  lockForWriting,
  makeEmpty,
  own,
} from './database-file.js';
import { APPLICATION_ID, examine } from './examine.js';
import { migrate } from './migrate.js';
import { migrations } from './migrations/index.js';
import { openForReading } from './open-for-reading.js';
import { setAside } from './set-aside.js';
import { SqliteStore } from './sqlite-store.js';
import { TICK_SETUP } from './tick-sql.js';
import { Ticks } from './ticks.js';
import type { Opening, Store } from './types.js';
import { Writer } from './writer.js';

export interface StoreOptions {
  /** The state directory; the database in it is `netmeter.db`. */
  directory: string;
  /** For reports while no daemon runs: changes nothing, needs no lock. */
  readOnly?: boolean;
  /** The wall clock. */
  clock: () => EpochMs;
  /** Whose files they are; the process's own when left out. */
  owner?: FileOwner;
  /**
   * By which rows older than two years become days; UTC when left out. A function is not asked before there are
   * such rows: a time zone's rules take 8 MB of memory.
   */
  timeZone?: string | (() => string);
}

/**
 * Opens the store in a state directory, and begins it when there is none.
 *
 * @throws NetmeterError `state-dir-unusable`, `state-dir-full`, `database-locked` when another process
 * writes it, `database-newer`; for reading also `not-found`, `permission-denied`,
 * `database-older` and `database-damaged`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  if (options.readOnly === true) return openForReading(options.directory, options.clock);
  const path = databasePath(options.directory);
  const lock = lockForWriting(path);
  try {
    return await openForWriting(path, options, lock);
  } catch (error) {
    closeSync(lock);
    throw error;
  }
}

async function openForWriting(path: string, options: StoreOptions, lock: number): Promise<Store> {
  const days = daysIn(options.timeZone ?? 'UTC');
  const opened = await prepare(path, options);
  const connection = await Connection.open(path, { readOnly: false });
  let reader: Connection | undefined;
  try {
    await connection.exec(
      'PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY',
    );
    await connection.exec(`PRAGMA journal_size_limit = ${16 * 1024 * 1024}`);
    const before = await migrate(connection);
    if (before < migrations.length && !opened.created) opened.migratedFrom = before;
    await connection.exec(TICK_SETUP);
    await connection.run('UPDATE state SET open = 1');
    reader = await Connection.open(path, { readOnly: true });
    const writer = new Writer(connection);
    const ticks = new Ticks(writer);
    await ticks.load();
    const writing = { writer, ticks, days, release: () => closeSync(lock) };
    return new SqliteStore({ opened, reader, writing, now: options.clock });
  } catch (error) {
    await reader?.close();
    await connection.close();
    throw error;
  }
}

function daysIn(timeZone: string | (() => string)): () => LocalDays {
  if (typeof timeZone === 'function') return () => new LocalDays(timeZone());
  const days = new LocalDays(timeZone);
  return () => days;
}

/** Leaves a database of a known schema at `path`: the one that was there if it is sound, else a new one. */
async function prepare(path: string, { owner, clock }: StoreOptions): Promise<Opening> {
  const opened: Opening = { created: false, migratedFrom: undefined, unclean: false, setAside: undefined };
  if (hasContent(path)) {
    const { unclean, damage } = await examine(path);
    opened.unclean = unclean;
    if (damage === undefined) {
      own(path, owner);
      return opened;
    }
    opened.setAside = { path: setAside(path, clock()), because: damage };
  } else if (COMPANIONS.some((companion) => hasContent(path + companion))) {
    // SQLite would delete them without a word.
    opened.setAside = { path: setAside(path, clock()), because: 'its main file was missing or empty' };
  }
  await create(path, owner);
  opened.created = true;
  return opened;
}

/** Built under another name and then renamed, so that there never is half a database. */
async function create(path: string, owner: FileOwner | undefined): Promise<void> {
  const unfinished = `${path}.new`;
  makeEmpty(unfinished, owner);
  const connection = await Connection.open(unfinished, { readOnly: false });
  try {
    await connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    await migrate(connection);
    // Recorded in the file, so every later connection uses it.
    await connection.all('PRAGMA journal_mode = WAL');
  } finally {
    await connection.close();
  }
  try {
    renameSync(unfinished, path);
  } catch (cause) {
    throw new NetmeterError('state-dir-unusable', `${path} cannot be created`, { cause });
  }
}
