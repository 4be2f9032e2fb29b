/**
 * caches: the engine's cache mounts: which there are, what is in them, removing them, carrying them out and in. What
 * is known of them is read from BuildKit's own files (see records.ts); the engine is never asked for sizes.
 */
import { statfs } from 'node:fs/promises';
import { type CacheFacts, cacheOf } from '../../src/caches/cache.js';
import { type Collection, type CollectionRule, collect } from '../../src/caches/collect.js';
import type { Cache, CacheRecord, Holder } from '../../src/caches/types.js';
import { NetmeterError } from '../../src/errors.js';
import type { Bytes, EpochMs } from '../../src/units.js';
import type { EngineFiles } from '../engine-files/engine-files.js';
import { measure, namesIn } from './content.js';
import { SnapshotDirectories } from './directory.js';
import { readAllRecords } from './records.js';

export interface CatalogueInput {
  files: EngineFiles;
  /** By record. */
  holders: ReadonlyMap<string, Holder>;
  /** Targets that steps mounted a record at. */
  targets(recordId: string): readonly string[];
  rules: readonly CollectionRule[] | undefined;
  now: EpochMs;
}

export interface Catalogue {
  caches: Cache[];
  collection: Collection | undefined;
}

/** @throws permission-denied, not-found when BuildKit's records cannot be read */
export async function readCatalogue(input: CatalogueInput, sizes: SizeBook): Promise<Catalogue> {
  const { files, holders, rules, now } = input;
  const records = readAllRecords(files);
  if (records === undefined) throw unreadable(files);
  const directories = new SnapshotDirectories(files);
  const caches: Cache[] = [];
  for (const record of records) {
    if (record.cacheId === undefined) continue;
    const cache = cacheOf(record, await factsOf(record, directories, sizes, input));
    if (cache !== undefined) caches.push(cache);
  }
  sizes.keep(caches.map((cache) => cache.recordId));
  const measured = new Map(caches.map((cache) => [cache.recordId, cache.sizeBytes]));
  const sized = records.map((record) => ({
    ...record,
    sizeBytes: measured.get(record.recordId) ?? record.sizeBytes,
  }));
  const freeBytes = await freeOn(files.path(files.location.rootDir));
  const held = new Set(holders.keys());
  const collection = rules && collect({ records: sized, rules, held, freeBytes, now });
  return { caches, collection };
}

async function factsOf(
  record: CacheRecord,
  directories: SnapshotDirectories,
  sizes: SizeBook,
  { holders, targets }: CatalogueInput,
): Promise<CacheFacts> {
  const path = directories.of(record.snapshot);
  const holder = holders.get(record.recordId);
  return {
    path,
    sizeBytes: path === undefined ? undefined : await sizes.sizeOf(record, path, holder !== undefined),
    names: path === undefined ? [] : await namesIn(path),
    targets: targets(record.recordId),
    holder,
  };
}

/** Sizes measured before: a cache that nobody used since is what it was. */
export class SizeBook {
  readonly #sizes = new Map<string, { usedAt: EpochMs; bytes: Bytes }>();

  async sizeOf(record: CacheRecord, path: string, isHeld: boolean): Promise<Bytes | undefined> {
    const { recordId, lastUsedAt } = record;
    const known = this.#sizes.get(recordId);
    if (!isHeld && known !== undefined && known.usedAt === lastUsedAt) return known.bytes;
    const bytes = await measure(path);
    if (bytes !== undefined && lastUsedAt !== undefined && !isHeld) {
      this.#sizes.set(recordId, { usedAt: lastUsedAt, bytes });
    }
    return bytes;
  }

  keep(recordIds: readonly string[]): void {
    const wanted = new Set(recordIds);
    for (const id of this.#sizes.keys()) if (!wanted.has(id)) this.#sizes.delete(id);
  }
}

async function freeOn(path: string): Promise<Bytes | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Why BuildKit's records cannot be read. */
export function unreadable(files: EngineFiles): NetmeterError {
  const path = files.path(files.buildkit('metadata_v2.db'));
  if (process.getuid?.() === 0) {
    return new NetmeterError('not-found', `BuildKit's records of caches cannot be read: ${path}`, {
      hint: 'nothing was built with BuildKit on this engine yet, or its data is of an unknown layout',
    });
  }
  return new NetmeterError('permission-denied', `the engine's files may be read by root only: ${path}`, {
    hint: 'use sudo, or start the daemon, which reads them for you: sudo netmeter start',
  });
}
