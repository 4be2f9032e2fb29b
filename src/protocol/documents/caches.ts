/** BuildKit's records, for those who have to tell their own from others'. */
export interface CacheRecordsDocument {
  schema: 1;
  records: {
    recordId: string;
    type: string;
    description: string;
    /** `<namespace>/<id>` of a cache mount. */
    cacheId: string | null;
    parents: string[];
  }[];
}

/** A cache mount, as the engine keeps it. */
export interface CacheDocument {
  /** As the Dockerfile has it: `id=`, or the target where it has none. */
  id: string;
  /** Of BUILDKIT_CACHE_MOUNT_NS; empty for everybody's caches. */
  namespace: string;
  target: string | null;
  targets: string[];
  recordId: string;
  sizeBytes: number | null;
  createdAt: string | null;
  lastUsedAt: string | null;
  usageCount: number;
  inUse: boolean;
  /** The step that has it mounted right now. */
  heldBy: { step: string; ref: string | null } | null;
  manager: string | null;
  /** Its directory on this machine; null when it could not be found, or this user may not look. */
  path: string | null;
  savedBytes: number | null;
  /** Whether the engine's garbage collection, run now, would remove it; null when its rules are not known. */
  prunedNext: boolean | null;
  /** At most this was fetched to fill it: what filling it again would take; null when it was not seen empty. */
  refillBytes: number | null;
  /** Steps that used it, newest first. */
  uses: {
    ref: string;
    build: string;
    project: string | null;
    step: string;
    target: string;
    startedAt: string;
    emptyAtStart: boolean | null;
    fetchedBytes: number | null;
  }[];
}

export interface CachesDocument {
  schema: 1;
  caches: CacheDocument[];
}
