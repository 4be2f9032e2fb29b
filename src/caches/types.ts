/**
 * caches: cache mounts by the names people know them by: which one is meant, whose cache it is, and whether the
 * engine is about to remove it. Pure.
 */
import type { Bytes, EpochMs } from '../units.js';

/** One of BuildKit's cache records: a layer, a source, or a cache mount. */
export interface CacheRecord {
  recordId: string;
  /** `exec.cachemount`, `source.local`, `regular` and so on. */
  type: string;
  description: string;
  createdAt: EpochMs | undefined;
  lastUsedAt: EpochMs | undefined;
  usageCount: number;
  /** As the engine last worked it out; undefined when it has not since the record was last used. */
  sizeBytes: Bytes | undefined;
  parents: string[];
  /** `<namespace>/<id>` of a cache mount. */
  cacheId: string | undefined;
  /** Name of its snapshot: the record's own id, or that of the record it was made from. */
  snapshot: string;
  /** The record of the same content that is, or was, written to. */
  equalMutable: string | undefined;
  isMutable: boolean;
}

/** A cache mount. All texts are hostile. */
export interface Cache {
  recordId: string;
  /** As the Dockerfile has it: `id=`, or the target where it has none. */
  id: string;
  /** Of `BUILDKIT_CACHE_MOUNT_NS`; empty for everybody's caches. */
  namespace: string;
  /** Where the step that made it mounted it; undefined when the record does not say. */
  target: string | undefined;
  /** Every target that it was seen at, the first one first. */
  targets: string[];
  createdAt: EpochMs | undefined;
  lastUsedAt: EpochMs | undefined;
  usageCount: number;
  sizeBytes: Bytes | undefined;
  /** The package manager that it is of, if one is recognised. */
  manager: string | undefined;
  /** Its directory on this machine; undefined when it could not be found. */
  path: string | undefined;
  holder: Holder | undefined;
}

/** A step that has a cache mounted right now. */
export interface Holder {
  /** `[app 3/5] RUN npm ci`, or the command alone while its step is not known. */
  step: string;
  /** Of its build, when that is known. */
  ref: string | undefined;
}
