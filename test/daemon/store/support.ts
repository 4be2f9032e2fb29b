import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { openStore, type StoreOptions } from '../../../daemon/store/open-store.js';
import type { LinkRow, Store, TickBatch } from '../../../daemon/store/types.js';
import { NetmeterError } from '../../../src/errors.js';
import type { Owner, TrafficRow } from '../../../src/metering/types.js';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A Monday, noon in UTC. */
export const NOON = Date.UTC(2026, 2, 9, 12);

export async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'netmeter-store-'));
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export async function withStore(
  run: (store: Store, directory: string) => Promise<void>,
  options: Partial<StoreOptions> = {},
): Promise<void> {
  await inDirectory(async (directory) => {
    const store = await open(directory, options);
    try {
      await run(store, directory);
    } finally {
      await store.close();
    }
  });
}

export function open(directory: string, options: Partial<StoreOptions> = {}): Promise<Store> {
  return openStore({ directory, clock: () => NOON, ...options });
}

export function container(name: string): Owner {
  return { id: `container:${name}`, kind: 'container', name, facts: { image: `${name}:latest` } };
}

/** A row of `bytes` received in the second that ends at `end`. */
export function row(owner: Owner, end: number, bytes: number, more: Partial<TrafficRow> = {}): TrafficRow {
  return {
    ownerId: owner.id,
    remote: { address: '198.51.100.7', port: 443, protocol: 'tcp' },
    class: 'wan',
    link: 'wlp2s0',
    tier: 'exact',
    interval: { from: end - SECOND, to: end },
    rxBytes: bytes,
    txBytes: 0,
    rxPackets: 1,
    txPackets: 0,
    ...more,
  };
}

export function linkRow(link: string, end: number, bytes: number, txDropped?: number): LinkRow {
  const interval = { from: end - SECOND, to: end };
  return { link, interval, rxBytes: bytes, txBytes: 0, rxPackets: 1, txPackets: 0, txDropped };
}

export function tick(end: number, more: Partial<TickBatch> = {}): TickBatch {
  const nothing = { rows: [], links: [], owners: [], positions: [], forget: [] };
  return { interval: { from: end - SECOND, to: end }, epoch: 'boot', ...nothing, ...more };
}

/** Asks the file itself, past the code under test. */
export async function raw<Row = Record<string, unknown>>(directory: string, sql: string): Promise<Row[]> {
  const database = new sqlite3.Database(join(directory, 'netmeter.db'));
  try {
    return await new Promise((resolve, reject) => {
      database.all<Row>(sql, (error, rows) => (error === null ? resolve(rows) : reject(error)));
    });
  } finally {
    await new Promise<void>((resolve) => {
      database.close(() => resolve());
    });
  }
}

/** What contradicts the schema's own promises: empty when all is well. */
export async function contradictions(directory: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const [name, key] of [
    ['traffic', 'series'],
    ['link', 'link'],
  ]) {
    found.push(
      ...(await raw(
        directory,
        `WITH fine AS (
           SELECT (ended_at + 3599999) / 3600000 * 3600000 AS hour, ${key}, rx_bytes, tx_bytes, rx_packets, tx_packets
           FROM (SELECT * FROM ${name}_seconds UNION ALL SELECT * FROM ${name}_minutes)
           WHERE ended_at > (SELECT fine_since FROM state)
         ),
         sums AS (
           SELECT hour, ${key}, SUM(rx_bytes) AS a, SUM(tx_bytes) AS b, SUM(rx_packets) AS c, SUM(tx_packets) AS d
           FROM fine GROUP BY hour, ${key}
         )
         SELECT '${name}' AS family, * FROM sums
         FULL JOIN (
           SELECT * FROM ${name}_hours WHERE ended_at > (SELECT fine_since FROM state)
         ) h ON h.ended_at = hour AND h.${key} = sums.${key}
         WHERE (a, b, c, d) IS NOT (rx_bytes, tx_bytes, rx_packets, tx_packets)`,
      )),
    );
  }
  found.push(...(await raw(directory, 'PRAGMA foreign_key_check')));
  const integrity = await raw<{ integrity_check: string }>(directory, 'PRAGMA integrity_check');
  found.push(...integrity.filter((line) => line.integrity_check !== 'ok'));
  return found;
}

/** The error that a promise is rejected with, which must be a NetmeterError. */
export async function failure(promise: Promise<unknown>): Promise<NetmeterError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof NetmeterError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
