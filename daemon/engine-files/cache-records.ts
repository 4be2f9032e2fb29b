import type { LayerRecord } from '../../src/builds/types.js';
import type { EpochMs } from '../../src/units.js';
import { type BoltBucket, readBolt } from './bolt-file.js';
import type { EngineFiles } from './engine-files.js';
import { jsonValue, keyedCacheId } from './record-values.js';

/** Where BuildKit keeps its cache records: with the engine's graph drivers, and with containerd's image store. */
const DATABASES = ['metadata_v2.db', 'containerd-overlayfs/metadata_v2.db'];
/** A cache mount that starts with another stage's files (`from=`) has the id of that layer behind its own. */
const ON_TOP_OF = /:[0-9a-z]{25}$/;
/** overlayfs has no more layers. */
const MOST_LAYERS = 128;

export interface CacheRecord {
  description: string;
  parent: string | undefined;
  createdAt: number | undefined;
  chainId: string | undefined;
  /** `<namespace>/<id>` of a cache mount. */
  cacheId: string | undefined;
  /** It started with another stage's files. */
  isOnTop: boolean;
}

export interface RecordedLayer extends Omit<LayerRecord, 'images'> {
  /** Identity of an image's layers up to this one (OCI chain id), when BuildKit knows it. */
  chainId: string | undefined;
}

export interface RecordedFacts {
  /** Layers below the writable one, nearest first; undefined when BuildKit has no record of it. */
  lineage: RecordedLayer[] | undefined;
  /** When the writable layer was made. */
  preparedAt: EpochMs | undefined;
  /** By snapshot id. */
  caches: Map<string, RecordedCache>;
}

export interface RecordedCache {
  /** `<namespace>/<id>`. */
  id: string;
  /** Made for this very step, with nothing in it: neither an earlier step's files nor another stage's (`from=`). */
  isNew: boolean;
}

/**
 * BuildKit's records of a running step, read from its database (cache/metadata.go of moby/buildkit: one bucket
 * per record in `_main`, values as JSON). Asking over the API instead (DiskUsage) sizes every record, locks cache
 * mounts while it does, and a step that wants one meanwhile gets an empty one.
 */
export function readCacheRecords(
  files: EngineFiles,
  upperId: string | undefined,
  mountIds: readonly string[],
): RecordedFacts | undefined {
  let best: RecordedFacts | undefined;
  for (const database of DATABASES) {
    const facts = readBolt(files.path(files.buildkit(database)), (root) => {
      const records = root.bucket('_main');
      if (records === undefined) return undefined;
      const upper = upperId === undefined ? undefined : recordOf(records, upperId);
      return {
        lineage: upper && lineageOf(records, upper),
        preparedAt: upper?.createdAt,
        caches: cachesOf(records, mountIds, upper?.createdAt),
      };
    });
    // An engine that changed its image store has both; only one knows this step.
    if (facts?.lineage !== undefined) return facts;
    best ??= facts;
  }
  return best;
}

function lineageOf(records: BoltBucket, upper: CacheRecord): RecordedLayer[] {
  const lineage: RecordedLayer[] = [];
  let id = upper.parent;
  while (id !== undefined && lineage.length < MOST_LAYERS) {
    const layer = recordOf(records, id);
    if (layer === undefined) break;
    const { description, createdAt, chainId } = layer;
    lineage.push({ id, description, createdAt, chainId });
    id = layer.parent;
  }
  return lineage;
}

/** A step's mounts are prepared in the order of their targets, so that its root is older than its new caches. */
function cachesOf(
  records: BoltBucket,
  mountIds: readonly string[],
  preparedAt: EpochMs | undefined,
): Map<string, RecordedCache> {
  const caches = new Map<string, RecordedCache>();
  for (const mountId of mountIds) {
    const record = recordOf(records, mountId);
    if (record?.cacheId === undefined) continue;
    const { cacheId, createdAt, isOnTop } = record;
    const isYounger = createdAt !== undefined && preparedAt !== undefined && createdAt > preparedAt;
    caches.set(mountId, { id: cacheId, isNew: isYounger && !isOnTop });
  }
  return caches;
}

export function recordOf(records: BoltBucket, id: string): CacheRecord | undefined {
  const values = records.bucket(id)?.values();
  if (values === undefined) return undefined;
  const cacheId = cacheIdOf(values);
  const created = jsonValue(values.get('cache.createdAt'));
  return {
    description: jsonText(values.get('cache.description')) ?? '',
    parent: jsonText(values.get('cache.parent')) || firstOf(values.get('cache.mergeParents')),
    createdAt: typeof created === 'number' ? created / 1e6 : undefined,
    chainId: jsonText(values.get('cache.chainID')) || undefined,
    cacheId: cacheId?.replace(ON_TOP_OF, '') || undefined,
    isOnTop: cacheId !== undefined && ON_TOP_OF.test(cacheId),
  };
}

function cacheIdOf(values: ReadonlyMap<string, string>): string | undefined {
  return jsonText(values.get('cache-dir')) ?? keyedCacheId(values);
}

/** A layer that was merged (COPY --link) lies on the first of its parents. */
function firstOf(json: string | undefined): string | undefined {
  const value = jsonValue(json);
  return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : undefined;
}

function jsonText(json: string | undefined): string | undefined {
  const value = jsonValue(json);
  return typeof value === 'string' ? value : undefined;
}
