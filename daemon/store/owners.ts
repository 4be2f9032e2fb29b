import type { Owner, OwnerKind } from '../../src/metering/types.js';
import type { Connection } from './connection.js';
import { ownerOf } from './usage.js';

const SAVE = `
INSERT INTO owners (key, kind, name, facts) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, name = excluded.name, facts = excluded.facts`;

/** An owner as the database has it: key, kind, name, facts. */
export function ownerColumns({ id, kind, name, facts }: Owner): [string, string, string, string] {
  return [id, kind, name, JSON.stringify(facts)];
}

export async function saveOwner(connection: Connection, owner: Owner): Promise<void> {
  await connection.run(SAVE, ...ownerColumns(owner));
}

export async function findOwner(reader: Connection, id: string): Promise<Owner | undefined> {
  const row = await reader.get<{ key: string; kind: OwnerKind; name: string; facts: string }>(
    'SELECT key, kind, name, facts FROM owners WHERE key = ?',
    id,
  );
  return row === undefined ? undefined : ownerOf(row);
}
