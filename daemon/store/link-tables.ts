/** Links, their budgets, and what each used per day. */
import type { Budget } from '../../src/budget/budget.js';
import type { KnownLink } from '../../src/links/known-link.js';
import type { EpochMs, Interval } from '../../src/units.js';
import type { Connection } from './connection.js';
import { partsOf, periodsParameter } from './period-sql.js';
import { link, traffic } from './tables.js';

export async function listLinks(reader: Connection): Promise<KnownLink[]> {
  const rows = await reader.all<{ document: string }>('SELECT document FROM link_facts ORDER BY name');
  return rows.map(({ document }) => JSON.parse(document));
}

export async function saveLink(connection: Connection, known: KnownLink): Promise<void> {
  await connection.run(
    'INSERT INTO link_facts (name, document) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document',
    known.name,
    JSON.stringify(known),
  );
}

export async function listBudgets(reader: Connection): Promise<Budget[]> {
  const rows = await reader.all<{ document: string }>('SELECT document FROM budgets ORDER BY link');
  return rows.map(({ document }) => JSON.parse(document));
}

export async function saveBudget(connection: Connection, budget: Budget): Promise<void> {
  await connection.run(
    'INSERT INTO budgets (link, document) VALUES (?, ?) ON CONFLICT (link) DO UPDATE SET document = excluded.document',
    budget.link,
    JSON.stringify(budget),
  );
}

export async function removeBudget(connection: Connection, name: string): Promise<void> {
  await connection.run('DELETE FROM budgets WHERE link = ?', name);
}

/** Bytes as the driver counted them, and packets, to take headers off by. */
export interface LinkSum {
  rxBytes: number;
  txBytes: number;
  rxPackets: number;
  txPackets: number;
  /** Of them, what went to neighbours on the link: nobody bills that. */
  lanBytes: number;
}

const LINK_SUMS = `${partsOf(link)}
SELECT parts.period, SUM(rx_bytes) AS rxBytes, SUM(tx_bytes) AS txBytes, SUM(rx_packets) AS rxPackets,
  SUM(tx_packets) AS txPackets
FROM parts JOIN links ON links.id = parts.link WHERE links.name = ?2 GROUP BY parts.period`;
const LAN_SUMS = `${partsOf(traffic)}
SELECT parts.period, SUM(rx_bytes + tx_bytes) AS bytes
FROM parts JOIN series ON series.id = parts.series JOIN links ON links.id = series.link
WHERE series.class = 'lan' AND links.name = ?2 GROUP BY parts.period`;

/** One sum per period; all zero where nothing was counted. */
export async function linkSums(
  reader: Connection,
  name: string,
  periods: readonly Interval[],
): Promise<LinkSum[]> {
  const asked = periodsParameter(periods.map(({ from, to }) => ({ since: from, until: to })));
  const [rows, lan] = await Promise.all([
    reader.all<Omit<LinkSum, 'lanBytes'> & { period: number }>(LINK_SUMS, asked, name),
    reader.all<{ period: number; bytes: number }>(LAN_SUMS, asked, name),
  ]);
  const sums = periods.map(() => ({ rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0, lanBytes: 0 }));
  for (const { period, ...sum } of rows) sums[period] = { ...sum, lanBytes: 0 };
  for (const { period, bytes } of lan) sums[period]!.lanBytes = bytes;
  return sums;
}

/** The end of the first interval in which a link moved anything; undefined when it never has. */
export async function linkSince(reader: Connection, name: string): Promise<number | undefined> {
  const first = (level: string) =>
    `SELECT min(began_at) AS at FROM link_${level} WHERE link = (SELECT id FROM links WHERE name = ?1)`;
  const row = await reader.get<{ at: number | null }>(
    `SELECT min(at) AS at FROM (${first('hours')} UNION ALL ${first('days')})`,
    name,
  );
  return row?.at ?? undefined;
}

/** The link of the default route from an instant on; undefined: there was none. */
export interface DefaultLink {
  since: EpochMs;
  link: string | undefined;
}

export async function listDefaultLinks(reader: Connection): Promise<DefaultLink[]> {
  const rows = await reader.all<{ since: number; link: string | null }>(
    'SELECT since, link FROM default_links ORDER BY since',
  );
  return rows.map(({ since, link: name }) => ({ since, link: name ?? undefined }));
}

export async function saveDefaultLink(
  connection: Connection,
  { since, link: name }: DefaultLink,
): Promise<void> {
  await connection.run(
    'INSERT INTO default_links (since, link) VALUES (?, ?) ON CONFLICT (since) DO UPDATE SET link = excluded.link',
    Math.round(since),
    name ?? null,
  );
}
