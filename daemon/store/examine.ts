import { NetmeterError } from '../../src/errors.js';
import { Connection } from './connection.js';
import { migrations } from './migrations/index.js';

/** In the database's header: this file is netmeter's. The letters `nmtr`. */
export const APPLICATION_ID = 0x6e6d7472;

export interface Examination {
  /** Number of its schema. */
  version: number;
  /** The last writer did not close it. */
  unclean: boolean;
  /** What is wrong with it; undefined when nothing was found. */
  damage: string | undefined;
}

/**
 * Looks at a database without changing it, after an unclean end at all of it.
 * @throws NetmeterError `database-newer`, or `state-dir-unusable` when it is another application's
 */
export async function examine(path: string): Promise<Examination> {
  try {
    await refuseForeign(path);
    return await withConnection(path, false, check);
  } catch (error) {
    if (error instanceof NetmeterError && error.code === 'database-damaged') {
      return { version: 0, unclean: true, damage: error.message };
    }
    throw error;
  }
}

/**
 * Refuses another application's database. Read as immutable, so that nothing appears beside it. That leaves
 * the write-ahead log out: in the middle of a checkpoint the file alone looks damaged and is not, so
 * whoever opens it next is left to judge.
 * @throws NetmeterError `state-dir-unusable`
 */
export async function refuseForeign(path: string): Promise<void> {
  try {
    await withConnection(path, true, requireOurs);
  } catch (error) {
    if (!(error instanceof NetmeterError) || error.code !== 'database-damaged') throw error;
  }
}

async function requireOurs(connection: Connection): Promise<void> {
  const header = await connection.get<{ application_id: number }>('PRAGMA application_id');
  if (header?.application_id === APPLICATION_ID) return;
  throw new NetmeterError('state-dir-unusable', `${connection.path} is the database of another application`, {
    hint: 'move it away, or choose another directory with --state-dir',
  });
}

async function check(connection: Connection): Promise<Examination> {
  const version = await knownVersion(connection);
  const unclean = (await connection.get<{ open: number }>('SELECT open FROM state'))?.open !== 0;
  const damage = unclean ? await findDamage(connection) : undefined;
  return { version, unclean, damage };
}

export async function schemaVersion(connection: Connection): Promise<number> {
  const row = await connection.get<{ user_version: number }>('PRAGMA user_version');
  return row?.user_version ?? 0;
}

/** The number of its schema. @throws NetmeterError `database-newer`, `state-dir-unusable` when it is not ours */
export async function knownVersion(connection: Connection): Promise<number> {
  await requireOurs(connection);
  const version = await schemaVersion(connection);
  if (version <= migrations.length) return version;
  throw new NetmeterError(
    'database-newer',
    `${connection.path} has schema ${version}; this netmeter knows schemas up to ${migrations.length}`,
    { hint: 'install the netmeter that wrote it, or a later one' },
  );
}

/** The first problem that SQLite's check of the whole file reports. */
async function findDamage(connection: Connection): Promise<string | undefined> {
  const row = await connection.get<{ integrity_check: string }>('PRAGMA integrity_check(1)');
  const verdict = row?.integrity_check ?? 'no answer';
  return verdict === 'ok' ? undefined : verdict;
}

async function withConnection<Result>(
  path: string,
  immutable: boolean,
  look: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await Connection.open(path, { readOnly: true, immutable });
  try {
    return await look(connection);
  } finally {
    await connection.close();
  }
}
