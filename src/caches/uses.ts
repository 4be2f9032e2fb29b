import type { Build, Step } from '../builds/types.js';
import { stepOwnerIds } from '../report/builds.js';
import type { OwnerSum } from '../report/sums.js';
import { type Bytes, type EpochMs, totalBytes } from '../units.js';

/** One step that used a cache. */
export interface CacheUse {
  ref: string;
  build: string;
  project: string | undefined;
  digest: string;
  step: string;
  target: string;
  startedAt: EpochMs;
  completedAt: EpochMs | undefined;
  emptyAtStart: boolean | undefined;
  /** What the step received and sent over uplinks and from proxies; undefined when not known. */
  fetchedBytes: Bytes | undefined;
}

/** Owners whose bytes usesOf() needs. */
export function userIds(builds: readonly Build[]): string[] {
  return builds.flatMap((build) =>
    build.steps
      .filter((step) => step.cacheMounts.length > 0)
      .flatMap((step) => stepOwnerIds(build.ref, step)),
  );
}

/** By record, newest first. */
export function usesOf(
  builds: readonly Build[],
  sums: ReadonlyMap<string, OwnerSum>,
): Map<string, CacheUse[]> {
  const uses = new Map<string, CacheUse[]>();
  for (const build of builds) {
    for (const step of build.steps) {
      const startedAt = step.intervals[0]?.startedAt;
      if (startedAt === undefined) continue;
      for (const { recordId, target, emptyAtStart } of step.cacheMounts) {
        if (recordId === undefined) continue;
        const use: CacheUse = {
          ref: build.ref,
          build: build.name,
          project: build.project,
          digest: step.digest,
          step: step.name,
          target,
          startedAt,
          completedAt: step.intervals.at(-1)?.completedAt,
          emptyAtStart,
          fetchedBytes: step.unmetered ? undefined : fetchedBy(build.ref, step, sums),
        };
        uses.set(recordId, [...(uses.get(recordId) ?? []), use]);
      }
    }
  }
  for (const list of uses.values()) list.sort((a, b) => b.startedAt - a.startedAt);
  return uses;
}

function fetchedBy(ref: string, step: Step, sums: ReadonlyMap<string, OwnerSum>): Bytes {
  return stepOwnerIds(ref, step).reduce((bytes, id) => {
    const sum = sums.get(id);
    return sum === undefined ? bytes : bytes + totalBytes(sum.wan) + totalBytes(sum.proxy);
  }, 0);
}

/**
 * What filling the cache again would take: all that steps fetched since it was seen empty. An upper bound, since a
 * step fetches other things as well. Undefined when it was not seen empty, or a use since then is not known.
 */
export function refillBytes(uses: readonly CacheUse[]): Bytes | undefined {
  const emptied = uses.findIndex(({ emptyAtStart }) => emptyAtStart === true);
  if (emptied < 0) return undefined;
  let sum = 0;
  for (const { fetchedBytes } of uses.slice(0, emptied + 1)) {
    if (fetchedBytes === undefined) return undefined;
    sum += fetchedBytes;
  }
  return sum;
}
