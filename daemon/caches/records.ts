import type { CacheRecord } from '../../src/caches/types.js';
import { type BoltBucket, readBolt } from '../engine-files/bolt-file.js';
import type { EngineFiles } from '../engine-files/engine-files.js';
import { jsonValue, keyedCacheId } from '../engine-files/record-values.js';

/** Where BuildKit keeps its cache records: with the engine's graph drivers, and with containerd's image store. */
const DATABASES = ['metadata_v2.db', 'containerd-overlayfs/metadata_v2.db'];
/** Engines keep some thousands; what is beyond is left out. */
const MOST_RECORDS = 100_000;

/**
 * All of BuildKit's cache records, from its database (cache/metadata.go of moby/buildkit). The engine's own list
 * (DiskUsage) sizes them, which locks cache mounts meanwhile. Undefined when no database can be read.
 */
export function readAllRecords(files: EngineFiles): CacheRecord[] | undefined {
  const found = DATABASES.map((database) =>
    readBolt(files.path(files.buildkit(database)), (root) => recordsIn(root.bucket('_main'))),
  ).filter((records) => records !== undefined);
  return found.length === 0 ? undefined : found.flat();
}

function recordsIn(records: BoltBucket | undefined): CacheRecord[] {
  const names = records?.bucketNames().slice(0, MOST_RECORDS) ?? [];
  return names.flatMap((recordId) => {
    const values = records?.bucket(recordId)?.values();
    return values === undefined ? [] : recordOf(recordId, values);
  });
}

function recordOf(recordId: string, values: ReadonlyMap<string, string>): CacheRecord {
  const json = (key: string): unknown => jsonValue(values.get(key));
  const text = (key: string): string | undefined => asText(json(key));
  const merged = json('cache.mergeParents');
  const parent = text('cache.parent');
  const size = json('snapshot.size');
  return {
    recordId,
    type: text('cache.recordType') ?? 'regular',
    description: text('cache.description') ?? '',
    createdAt: timeOf(json('cache.createdAt')),
    lastUsedAt: timeOf(json('cache.lastUsedAt')),
    usageCount: countOf(json('cache.usageCount')) ?? 0,
    sizeBytes: countOf(size),
    parents: Array.isArray(merged) ? merged.filter((id) => typeof id === 'string') : parent ? [parent] : [],
    cacheId: text('cache-dir') ?? keyedCacheId(values),
    snapshot: text('cache.snapshot') ?? recordId,
    equalMutable: text('cache.equalMutable'),
    isMutable: json('snapshot.committed') !== true,
  };
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Nanoseconds since 1970, beyond what a number holds exactly: the last digits are lost. */
function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? Math.round(value / 1e6) : undefined;
}

/** BuildKit writes -1 for a size that it does not know. */
function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
