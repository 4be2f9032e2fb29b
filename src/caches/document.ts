import { type CacheDocument, type CachesDocument, SCHEMA } from '../protocol/documents.js';
import type { Bytes, EpochMs } from '../units.js';
import type { Collection } from './collect.js';
import type { Cache } from './types.js';
import { type CacheUse, refillBytes } from './uses.js';

export interface CachesInput {
  caches: readonly Cache[];
  /** By record, newest first; empty where nobody has seen builds. */
  uses: ReadonlyMap<string, CacheUse[]>;
  /** By record. */
  saved: ReadonlyMap<string, Bytes>;
  /** What the engine's rules say; undefined when they are not known or not understood. */
  collection: Collection | undefined;
}

export function cachesDocument(input: CachesInput): CachesDocument {
  const caches = input.caches.map((cache) => cacheDocument(cache, input));
  const byUse = (cache: CacheDocument) => cache.lastUsedAt ?? cache.createdAt ?? '';
  return { schema: SCHEMA, caches: caches.sort((a, b) => (byUse(a) < byUse(b) ? 1 : -1)) };
}

function cacheDocument(cache: Cache, { uses, saved, collection }: CachesInput): CacheDocument {
  const used = uses.get(cache.recordId) ?? [];
  return {
    id: cache.id,
    namespace: cache.namespace,
    target: cache.target ?? null,
    targets: cache.targets,
    recordId: cache.recordId,
    sizeBytes: cache.sizeBytes ?? null,
    createdAt: iso(cache.createdAt),
    lastUsedAt: iso(cache.lastUsedAt),
    usageCount: cache.usageCount,
    inUse: cache.holder !== undefined,
    heldBy: cache.holder === undefined ? null : { step: cache.holder.step, ref: cache.holder.ref ?? null },
    manager: cache.manager ?? null,
    path: cache.path ?? null,
    savedBytes: saved.get(cache.recordId) ?? null,
    prunedNext: collection === undefined ? null : collection.removed.has(cache.recordId),
    refillBytes: refillBytes(used) ?? null,
    uses: used.slice(0, MOST_USES).map((use) => ({
      ref: use.ref,
      build: use.build,
      project: use.project ?? null,
      step: use.step,
      target: use.target,
      startedAt: new Date(use.startedAt).toISOString(),
      emptyAtStart: use.emptyAtStart ?? null,
      fetchedBytes: use.fetchedBytes ?? null,
    })),
  };
}

const MOST_USES = 50;

function iso(at: EpochMs | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
