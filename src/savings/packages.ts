import type { ClientLog } from '../builds/client-log/types.js';
import type { CacheFill } from './types.js';

/** A cache of more is taken for one of which nothing is known: its row would grow for ever. */
const MOST_NAMES = 5_000;

/** What a step says that it installed, by name and version; undefined where it says not all of it. */
export function installedBy(logs: readonly ClientLog[] | undefined): string[] | undefined {
  if (logs === undefined || logs.some(({ installed, isPartial }) => installed === undefined || isPartial))
    return undefined;
  return logs.flatMap(({ installed = [] }) => installed);
}

/** What was put into a cache, after one more step did. */
export function namesAfter(
  before: CacheFill['packages'],
  installed: readonly string[] | undefined,
): CacheFill['packages'] {
  if (before === undefined || installed === undefined) return undefined;
  const all = [...new Set([...before, ...installed])];
  return all.length > MOST_NAMES ? undefined : all;
}

/**
 * Of what was put into caches before, the part that a step has use for, by the number of packages.
 * @returns undefined when names are not known of all of it
 */
export function shareOfUse(
  caches: readonly CacheFill['packages'][],
  installed: readonly string[] | undefined,
): number | undefined {
  if (installed === undefined || caches.some((names) => names === undefined)) return undefined;
  const before = new Set(caches.flatMap((names) => names ?? []));
  const needed = new Set(installed);
  return before.size === 0 ? undefined : [...before].filter((name) => needed.has(name)).length / before.size;
}
