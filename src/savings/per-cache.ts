import type { CacheMount, Step } from '../builds/types.js';
import type { Bytes } from '../units.js';
import type { StepLedger } from './types.js';

/** What a cache saved, as far as known. */
export interface CacheSaving {
  /** The id that Dockerfiles use. */
  cacheId: string;
  recordId: string | undefined;
  bytes: Bytes;
}

/**
 * What cache mounts saved, by cache. Of a step that has several, each gets its part: by size before the step
 * where all sizes are known, else evenly among those that were not empty.
 */
export function savedPerCache(pages: Iterable<{ step: Step; page: StepLedger }>): CacheSaving[] {
  const sums = new Map<string, CacheSaving>();
  for (const { step, page } of pages) {
    const saved = page.savings?.find(({ cause }) => cause === 'cache-mount')?.bytes ?? 0;
    const mounts = step.cacheMounts.filter((mount) => mount.emptyAtStart !== true);
    if (saved === 0 || mounts.length === 0) continue;
    for (const [i, part] of partsOf(saved, mounts).entries()) {
      const { id, target, recordId } = mounts[i]!;
      const key = JSON.stringify([id ?? target, recordId ?? null]);
      const sum = sums.get(key) ?? { cacheId: id ?? target, recordId, bytes: 0 };
      sums.set(key, { ...sum, bytes: sum.bytes + part });
    }
  }
  return [...sums.values()];
}

/** Whole bytes that add up. */
function partsOf(saved: Bytes, mounts: readonly CacheMount[]): Bytes[] {
  const sizes = mounts.map((mount) => mount.bytesBefore);
  const known = sizes.every((size) => size !== undefined && size > 0)
    ? (sizes as Bytes[])
    : sizes.map(() => 1);
  const all = known.reduce((sum, size) => sum + size, 0);
  let given = 0;
  return known.map((size, i) => {
    const part = i === known.length - 1 ? saved - given : Math.round((saved * size) / all);
    given += part;
    return part;
  });
}
