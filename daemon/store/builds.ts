import type { Build } from '../../src/builds/types.js';
import { NetmeterError } from '../../src/errors.js';
import type { EpochMs } from '../../src/units.js';
import type { Connection } from './connection.js';

/** Refs that an ambiguous prefix is answered with. */
const MAX_CANDIDATES = 10;
/** No character sorts after it; SQLite compares the bytes of UTF-8. */
const LAST_CHARACTER = '\u{10ffff}';

const SAVE = `
INSERT INTO builds (ref, started_at, status, document) VALUES (?, ?, ?, ?)
ON CONFLICT (ref) DO UPDATE SET
  started_at = excluded.started_at, status = excluded.status, document = excluded.document`;

const LIST = `
SELECT document FROM builds WHERE started_at > ? AND started_at <= ?
ORDER BY started_at DESC, ref DESC LIMIT ?`;

export interface BuildQuery {
  limit?: number;
  since?: EpochMs;
  until?: EpochMs;
}

export async function saveBuild(connection: Connection, build: Build): Promise<void> {
  await connection.run(SAVE, build.ref, Math.round(build.startedAt), build.status, JSON.stringify(build));
}

export async function listBuilds(reader: Connection, query: BuildQuery): Promise<Build[]> {
  const { limit = -1, since = -1, until = Number.MAX_SAFE_INTEGER } = query;
  const rows = await reader.all<{ document: string }>(LIST, since, until, limit);
  return rows.map(({ document }) => JSON.parse(document));
}

/** The build with this ref, else the only one whose ref begins like this. */
export async function findBuild(reader: Connection, prefix: string): Promise<Build | undefined> {
  if (prefix === '') return undefined;
  const refs = await reader.all<{ ref: string }>(
    'SELECT ref FROM builds WHERE ref >= ?1 AND ref < ?2 ORDER BY ref LIMIT ?3',
    prefix,
    prefix + LAST_CHARACTER,
    MAX_CANDIDATES + 1,
  );
  // In order, the ref that is the prefix itself comes first.
  if (refs.length > 1 && refs[0]!.ref !== prefix) throw ambiguous(prefix, refs);
  if (refs.length === 0) return undefined;
  const row = await reader.get<{ document: string }>(
    'SELECT document FROM builds WHERE ref = ?',
    refs[0]!.ref,
  );
  return row === undefined ? undefined : JSON.parse(row.document);
}

function ambiguous(prefix: string, refs: { ref: string }[]): NetmeterError {
  const shown = refs.slice(0, MAX_CANDIDATES).map(({ ref }) => ref);
  const more = refs.length > shown.length ? ' and more' : '';
  return new NetmeterError('ambiguous', `several builds begin with ${prefix}: ${shown.join(', ')}${more}`, {
    hint: 'give more of the ref',
  });
}
