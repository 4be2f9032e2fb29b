import { NetmeterError } from '../../src/errors.js';
import type { Connection } from './connection.js';
import { schemaVersion } from './examine.js';
import { migrations } from './migrations/index.js';
import type { Migration } from './migrations/migration.js';

/**
 * Brings a database to the newest schema, each step in a transaction of its own with its number.
 * @returns the schema's number before
 */
export async function migrate(
  connection: Connection,
  steps: readonly Migration[] = migrations,
): Promise<number> {
  const before = await schemaVersion(connection);
  for (const [index, { version, sql }] of steps.entries()) {
    if (version !== index + 1) {
      throw new NetmeterError('internal', `migration ${version} stands at place ${index + 1}`);
    }
    if (version > before) await apply(connection, version, sql);
  }
  return before;
}

async function apply(connection: Connection, version: number, sql: string): Promise<void> {
  try {
    await connection.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${version}; COMMIT`);
  } catch (error) {
    await connection.exec('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
