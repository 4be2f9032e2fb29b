import { managerOf } from './manager.js';
import type { Cache, CacheRecord, Holder } from './types.js';

/** How BuildKit describes a cache mount: `cached mount /root/.npm from exec /bin/sh -c npm ci with id "//root/.npm"`. */
const DESCRIPTION = /^cached mount (.*?) from (?:exec|mount) /s;
/** A cache that starts with another stage's files (`from=`) has the id of that layer behind its own. */
const ON_TOP_OF = /:[0-9a-z]{25}$/;

/** What was found out about a cache besides its record. */
export interface CacheFacts {
  path: string | undefined;
  /** Undefined where the engine's figure has to do. */
  sizeBytes: number | undefined;
  /** Names in its directory, and one level below: `http-v2`, `http-v2/a`. */
  names: readonly string[];
  /** Targets that steps were seen to mount it at. */
  targets: readonly string[];
  holder: Holder | undefined;
}

/** Undefined for records that are no cache mounts. */
export function cacheOf(record: CacheRecord, facts: CacheFacts): Cache | undefined {
  if (record.cacheId === undefined) return undefined;
  const { namespace, id } = splitCacheId(record.cacheId);
  const target = targetOf(record.description) ?? facts.targets[0];
  const targets = [...new Set([...(target === undefined ? [] : [target]), ...facts.targets])];
  return {
    recordId: record.recordId,
    id,
    namespace,
    target,
    targets,
    createdAt: record.createdAt,
    lastUsedAt: record.lastUsedAt,
    usageCount: record.usageCount,
    sizeBytes: facts.sizeBytes ?? record.sizeBytes,
    manager: managerOf(targets, facts.names) ?? managerOf([id], []),
    path: facts.path,
    holder: facts.holder,
  };
}

/** `<namespace>/<id>`, where the namespace may be empty, and the id may begin with a slash. */
export function splitCacheId(cacheId: string): { namespace: string; id: string } {
  const plain = cacheId.replace(ON_TOP_OF, '');
  const slash = plain.indexOf('/');
  return slash < 0
    ? { namespace: '', id: plain }
    : { namespace: plain.slice(0, slash), id: plain.slice(slash + 1) };
}

function targetOf(description: string): string | undefined {
  return DESCRIPTION.exec(description)?.[1];
}
