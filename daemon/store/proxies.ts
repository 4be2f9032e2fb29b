import type { AddedProxy } from '../../src/proxies/types.js';
import type { ProxyOwner } from '../../src/proxies/usage.js';
import type { EpochMs, Interval } from '../../src/units.js';
import type { Connection } from './connection.js';

export async function addedProxies(reader: Connection): Promise<AddedProxy[]> {
  const rows = await reader.all<{ name: string; address: string | null; container: string | null }>(
    'SELECT name, address, container FROM added_proxies ORDER BY name',
  );
  return rows.map(({ name, address, container }) => ({
    name,
    address: address ?? undefined,
    container: container ?? undefined,
  }));
}

export async function addProxy(connection: Connection, proxy: AddedProxy, now: EpochMs): Promise<void> {
  await connection.run(
    'INSERT OR REPLACE INTO added_proxies (name, address, container, added_at) VALUES (?, ?, ?, ?)',
    proxy.name,
    proxy.address ?? null,
    proxy.container ?? null,
    Math.round(now),
  );
}

export async function removeProxy(connection: Connection, name: string): Promise<boolean> {
  return (await connection.run('DELETE FROM added_proxies WHERE name = ?', name)) > 0;
}

/** In all of them, ?1 is an array of [proxy's name, owner's key]; ?2 is the moment. */
const NAME =
  'INSERT INTO proxies (name) SELECT value ->> 0 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING';
const END = `
UPDATE proxy_owners SET until = max(since, ?2)
WHERE until IS NULL AND NOT EXISTS (
  SELECT 1 FROM json_each(?1) pair JOIN proxies ON proxies.name = pair.value ->> 0
  WHERE proxies.id = proxy_owners.proxy AND pair.value ->> 1 = proxy_owners.owner
)`;
const BEGIN = `
INSERT INTO proxy_owners (proxy, owner, since)
SELECT DISTINCT proxies.id, pair.value ->> 1, ?2
FROM json_each(?1) pair JOIN proxies ON proxies.name = pair.value ->> 0
WHERE NOT EXISTS (
  SELECT 1 FROM proxy_owners known
  WHERE known.proxy = proxies.id AND known.owner = pair.value ->> 1 AND known.until IS NULL
)
ON CONFLICT DO UPDATE SET until = NULL`;

/** Ends and begins what is different from now on, within the transaction that the caller has begun. */
export async function setProxyOwners(
  connection: Connection,
  owners: readonly { proxy: string; ownerId: string }[],
  at: EpochMs,
): Promise<void> {
  const pairs = JSON.stringify(owners.map(({ proxy, ownerId }) => [proxy, ownerId]));
  await connection.run(NAME, pairs);
  await connection.run(END, pairs, Math.round(at));
  await connection.run(BEGIN, pairs, Math.round(at));
}

export async function proxyOwners(reader: Connection, { from, to }: Interval): Promise<ProxyOwner[]> {
  const rows = await reader.all<{ proxy: string; ownerId: string; since: number; until: number | null }>(
    `SELECT proxies.name AS proxy, owner AS ownerId, since, until
     FROM proxy_owners JOIN proxies ON proxies.id = proxy_owners.proxy
     WHERE since < ?2 AND (until IS NULL OR until > ?1) ORDER BY since, proxies.name, owner`,
    from,
    to,
  );
  return rows.map(({ proxy, ownerId, since, until }) => ({
    proxy,
    ownerId,
    interval: { from: Math.max(from, since), to: Math.min(to, until ?? to) },
  }));
}
