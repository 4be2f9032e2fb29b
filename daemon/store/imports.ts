import type { AddressName, Imported, ImportPart } from '../../src/records/import.js';
import type { ProxyRequest } from '../../src/records/types.js';
import type { EpochMs } from '../../src/units.js';
import { saveBuild } from './builds.js';
import type { Connection } from './connection.js';

const ADD_PACKAGES = `
INSERT INTO packages (name) SELECT DISTINCT value FROM json_each(?1) WHERE value <> '' ON CONFLICT DO NOTHING`;
const ADD_REQUESTS = `
INSERT INTO proxy_requests (key, kind, at, client, outcome, code, served_bytes, fetched_bytes, package, proxy)
SELECT value ->> 0, ?2, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, packages.id, ?3
FROM json_each(?1) JOIN packages ON packages.name = value ->> 7
WHERE true ON CONFLICT (key) DO UPDATE SET proxy = excluded.proxy
  WHERE proxy_requests.proxy IS NULL AND excluded.proxy IS NOT NULL`;
const ADD_NAMES = `
INSERT INTO names (address, name, source, first_at, last_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 3 FROM json_each(?1)
WHERE true ON CONFLICT (address, name) DO UPDATE SET
  source = iif(excluded.last_at >= last_at, excluded.source, source),
  first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`;
const ADD_IMPORT = `
INSERT INTO imports (digest, kind, file, imported_at, began_at, ended_at, document)
VALUES (?, ?, ?, ?, ?, ?, ?)`;

/** Names are kept as long as remotes are. */
const KEEP_NAMES_MS = 31 * 86_400_000;

/** All of a part or nothing of it; what is there already stays as it is. */
export async function importPart(connection: Connection, part: ImportPart, now: EpochMs): Promise<Imported> {
  const { digest, kind, builds = [], requests = [], names = [], period } = part;
  if (digest !== undefined && (await isKnown(connection, digest)))
    return { known: true, builds: 0, requests: 0 };
  let added = 0;
  for (const build of builds) {
    const there = await connection.get('SELECT 1 FROM builds WHERE ref = ?', build.ref);
    if (there !== undefined) continue;
    await saveBuild(connection, build);
    // What it would have cost, or saved, is nothing that was measured.
    await connection.run('UPDATE builds SET recorded = 1 WHERE ref = ?', build.ref);
    added += 1;
  }
  const addedRequests = requests.length === 0 ? 0 : await addRequests(connection, kind, requests);
  await addNames(connection, names);
  if (digest !== undefined && part.document !== undefined) {
    const [from, to] = [period?.from ?? null, period?.to ?? null];
    await connection.run(ADD_IMPORT, digest, kind, part.file, Math.round(now), from, to, part.document);
  }
  return { known: false, builds: added, requests: addedRequests };
}

async function isKnown(connection: Connection, digest: string): Promise<boolean> {
  return (await connection.get('SELECT 1 FROM imports WHERE digest = ?', digest)) !== undefined;
}

/**
 * Requests that are there already stay as they are.
 * @param proxy whose log was followed; what was imported before is then its, too
 */
export async function addRequests(
  connection: Connection,
  kind: string,
  requests: readonly ProxyRequest[],
  proxy?: string,
): Promise<number> {
  await connection.run(ADD_PACKAGES, JSON.stringify(requests.map((request) => request.package ?? '')));
  const rows = requests.map((one) => [
    one.key,
    one.at === undefined ? null : Math.round(one.at),
    one.client ?? null,
    one.outcome,
    one.code,
    one.servedBytes,
    one.fetchedBytes ?? null,
    one.package ?? '',
  ]);
  return connection.run(ADD_REQUESTS, JSON.stringify(rows), kind, proxy ?? null);
}

export async function addNames(connection: Connection, names: readonly AddressName[]): Promise<void> {
  if (names.length === 0) return;
  const rows = names.map(({ address, name, source, at }) => [address, name, source, Math.round(at)]);
  await connection.run(ADD_NAMES, JSON.stringify(rows));
}

/** Names that nobody was reached by for as long as remotes are kept, and packages without requests. */
export async function forgetOldNames(connection: Connection, now: EpochMs): Promise<void> {
  await connection.run('DELETE FROM names WHERE last_at <= ?', now - KEEP_NAMES_MS);
}
