import { opendirSync } from 'node:fs';
import type { EpochMs } from '../../src/units.js';
import { readBolt } from './bolt-file.js';
import { recordOf } from './cache-records.js';
import type { EngineFiles } from './engine-files.js';

const DATABASES = ['metadata_v2.db', 'containerd-overlayfs/metadata_v2.db'];
/** More are not looked at. */
const MOST_RECORDS = 50_000;

export interface CacheInventory {
  layers: { description: string; createdAt: EpochMs | undefined }[];
  caches: {
    namespace: string;
    id: string;
    recordId: string;
    createdAt: EpochMs | undefined;
    /** Undefined where its files cannot be seen. */
    isEmpty: boolean | undefined;
  }[];
}

/**
 * Everything that BuildKit keeps, from its database: never over its API, which locks cache mounts while it sizes
 * them. Nothing after `docker builder prune -a`, which leaves an empty database; undefined when none can be read.
 */
export function readCacheInventory(files: EngineFiles): CacheInventory | undefined {
  let empty: CacheInventory | undefined;
  for (const database of DATABASES) {
    const found = readBolt(files.path(files.buildkit(database)), (root) => {
      const records = root.bucket('_main');
      const names = records?.bucketNames().slice(0, MOST_RECORDS) ?? [];
      return names.flatMap((id) => {
        const record = records && recordOf(records, id);
        return record === undefined ? [] : [{ id, record }];
      });
    });
    if (found === undefined) continue;
    if (found.length === 0) {
      empty = { layers: [], caches: [] };
      continue;
    }
    const layers: CacheInventory['layers'] = [];
    const caches: CacheInventory['caches'] = [];
    for (const { id, record } of found) {
      const { description, createdAt } = record;
      if (record.cacheId === undefined) layers.push({ description, createdAt });
      else
        caches.push({
          ...cacheName(record.cacheId),
          recordId: id,
          createdAt: record.createdAt,
          isEmpty: isEmpty(files, id),
        });
    }
    return { layers, caches };
  }
  return empty;
}

/** `<namespace>/<id>`, where the namespace may be empty. */
function cacheName(cacheId: string): { namespace: string; id: string } {
  const slash = cacheId.indexOf('/');
  if (slash < 0) return { namespace: '', id: cacheId };
  return { namespace: cacheId.slice(0, slash), id: cacheId.slice(slash + 1) };
}

function isEmpty(files: EngineFiles, recordId: string): boolean | undefined {
  try {
    const folder = opendirSync(files.path(files.data(`overlay2/${recordId}/diff`)));
    try {
      return folder.readSync() === null;
    } finally {
      folder.closeSync();
    }
  } catch {
    return undefined;
  }
}
