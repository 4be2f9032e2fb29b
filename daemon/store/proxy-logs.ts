import type { ProxyPackage } from '../../src/proxies/types.js';
import type { ProxyRequest } from '../../src/records/types.js';
import type { EpochMs } from '../../src/units.js';
import type { Connection } from './connection.js';
import { addRequests } from './imports.js';
import { DAY } from './tables.js';

export interface LogPosition {
  /** Device and inode. */
  file: string;
  position: number;
  /** Hash of what stands right before the position. */
  mark: string;
}

/** What was read of a proxy's log at once. */
export interface FollowedPiece extends LogPosition {
  /** Owner and path. */
  log: string;
  proxy: string;
  /** Of the log's format. */
  kind: string;
  requests: readonly ProxyRequest[];
}

/** Requests of followed logs are kept this long, and at most as many. */
const KEEP_REQUESTS_FOR = 92 * DAY;
const KEEP_REQUESTS = 300_000;
const MOST_PACKAGES = 20;

const PACKAGES = `
SELECT proxy, name, requests, hits, misses, servedBytes, fetchedBytes FROM (
  SELECT *, row_number() OVER (PARTITION BY proxy ORDER BY servedBytes DESC, name) AS place FROM (
    SELECT proxy, packages.name AS name, count(*) AS requests,
      sum(outcome IN ('hit', 'revalidated')) AS hits, sum(outcome IN ('miss', 'tunnel')) AS misses,
      sum(served_bytes) AS servedBytes, sum(fetched_bytes) AS fetchedBytes
    FROM proxy_requests JOIN packages ON packages.id = package
    WHERE proxy IS NOT NULL AND at > ?1 AND package <> 0
    GROUP BY proxy, package))
WHERE place <= ${MOST_PACKAGES} ORDER BY proxy, place`;

export function logPosition(connection: Connection, log: string): Promise<LogPosition | undefined> {
  return connection.get('SELECT file, position, mark FROM proxy_logs WHERE log = ?', log);
}

export async function addFollowed(
  connection: Connection,
  { log, proxy, kind, requests, file, position, mark }: FollowedPiece,
  now: EpochMs,
): Promise<void> {
  if (requests.length > 0) await addRequests(connection, kind, requests, proxy);
  await connection.run(
    `INSERT INTO proxy_logs (log, file, position, mark, read_at) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (log) DO UPDATE SET file = ?2, position = ?3, mark = ?4, read_at = ?5`,
    log,
    file,
    position,
    mark,
    Math.round(now),
  );
}

export function proxyPackages(connection: Connection, since: EpochMs): Promise<ProxyPackage[]> {
  return connection.all(PACKAGES, since);
}

/** What was imported alone stays: somebody wanted it. */
export async function dropOldRequests(connection: Connection, now: EpochMs): Promise<void> {
  const old = now - KEEP_REQUESTS_FOR;
  await connection.run('DELETE FROM proxy_requests WHERE proxy IS NOT NULL AND at <= ?', old);
  await connection.run(
    `DELETE FROM proxy_requests WHERE proxy IS NOT NULL AND at <= (SELECT at FROM proxy_requests
       WHERE proxy IS NOT NULL ORDER BY at DESC LIMIT 1 OFFSET ${KEEP_REQUESTS})`,
  );
  await connection.run('DELETE FROM proxy_logs WHERE read_at <= ?', old);
  await connection.run(
    'DELETE FROM packages WHERE id <> 0 AND NOT EXISTS (SELECT 1 FROM proxy_requests WHERE package = packages.id)',
  );
}
