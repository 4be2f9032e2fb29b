/**
 * Attempts added up since a cache mount was empty: what is in there was downloaded by the steps that used it,
 * so a step that finds it filled would have fetched, cold, what its own attempts fetched together. An upper
 * bound where packages were dropped since; more than that where other steps filled it, too.
 */
import type { CacheMount, Step } from '../builds/types.js';
import type { Bytes, EpochMs } from '../units.js';
import { namesAfter } from './packages.js';
import type { CacheFill, Range } from './types.js';

/** Users told apart in one cache; the bytes of later ones are put together. */
const MOST_USERS = 64;
/** Look-ups, a question whether something is new. */
const NEXT_TO_NOTHING: Bytes = 64 << 10;
const OTHERS: CacheUser = { lineage: '', name: '' };

/** Equal instructions of one image share their attempts; those of others may be about other things. */
export interface CacheUser {
  lineage: string;
  /** The image's name. */
  name: string;
}

export interface CacheUse {
  user: CacheUser;
  beganAt: EpochMs;
  endedAt: EpochMs;
  /** Undefined when nothing counted. */
  spentBytes: Bytes | undefined;
  /** What it said that it installed; undefined where it said not all of it. */
  installed?: readonly string[] | undefined;
}

/** The mounts of a step whose cache is known, each cache once. */
export function knownMounts(step: Step): (CacheMount & { recordId: string })[] {
  const seen = new Set<string>();
  return step.cacheMounts.filter((mount): mount is CacheMount & { recordId: string } => {
    if (mount.recordId === undefined || seen.has(mount.recordId)) return false;
    seen.add(mount.recordId);
    return true;
  });
}

/** The cache after one more step used it. */
export function fillAfter(
  before: CacheFill | undefined,
  mount: CacheMount & { recordId: string },
  use: CacheUse,
): CacheFill {
  const start = atStart(before, mount, use);
  return {
    ...start,
    cacheId: mount.id ?? start.cacheId,
    isComplete: start.isComplete && use.spentBytes !== undefined,
    packages: hasPut(use) ? namesAfter(start.packages, use.installed) : start.packages,
    lastUsedAt: Math.max(start.lastUsedAt, use.endedAt),
    spent: use.spentBytes === undefined ? start.spent : addedTo(start.spent, use.user, use.spentBytes),
  };
}

/** Of a step that says nothing of packages, what it fetched may have been some. */
function hasPut({ spentBytes = 0, installed }: CacheUse): boolean {
  return installed !== undefined || spentBytes >= NEXT_TO_NOTHING;
}

function addedTo(spent: CacheFill['spent'], user: CacheUser, bytes: Bytes): CacheFill['spent'] {
  const isKnown = spent.some((share) => isSame(share, user));
  const { lineage, name } = isKnown || spent.length < MOST_USERS ? user : OTHERS;
  const own = spent.find((share) => isSame(share, { lineage, name }))?.bytes ?? 0;
  const others = spent.filter((share) => !isSame(share, { lineage, name }));
  return [...others, { lineage, name, bytes: own + bytes }];
}

/** A step that nobody counted may have filled it. */
export function withGap(fill: CacheFill): CacheFill {
  return { ...fill, isComplete: false };
}

function atStart(
  before: CacheFill | undefined,
  mount: CacheMount & { recordId: string },
  use: CacheUse,
): CacheFill {
  const { recordId, id: cacheId, emptyAtStart } = mount;
  const isNew = { recordId, cacheId, lastUsedAt: use.beganAt, spent: [] };
  // Two steps that find it empty at once fill it together.
  const overlaps = before?.emptiedAt !== undefined && use.beganAt < before.lastUsedAt;
  if (emptyAtStart === true && !overlaps)
    return { ...isNew, emptiedAt: use.beganAt, isComplete: true, packages: [] };
  return before ?? { ...isNew, emptiedAt: undefined, isComplete: false };
}

/**
 * What a step would have cost cold by the attempts since its mounts were empty.
 *
 * @param fills its caches after it ran
 * @param share of the packages that were put there before it, those that it installs; undefined when not known
 * @returns undefined when one of them was filled by what nobody counted. `estimated` when others filled it, not
 * the same instruction of the same image
 */
export function costOfAttempts(
  fills: readonly CacheFill[],
  user: CacheUser,
  spentBytes: Bytes,
  share?: number,
): (Range & { basis: 'derived' | 'estimated' }) | undefined {
  if (fills.length === 0 || fills.some((fill) => fill.emptiedAt === undefined || !fill.isComplete))
    return undefined;
  const own = mostOf(fills, (part) => isSame(part, user));
  const alike = mostOf(fills, (part) => part.lineage === user.lineage);
  const all = fills.reduce((sum, { spent }) => sum + total(spent.filter((part) => !isSame(part, user))), own);
  const low = Math.round(spentBytes);
  const high = Math.round(Math.max(all, low));
  const needsAll = share === undefined || share === 1 || high === low;
  if (needsAll && (own > spentBytes || all <= spentBytes)) {
    return { bytes: Math.max(low, Math.round(own)), lowBytes: low, highBytes: high, basis: 'derived' };
  }
  // Packages are not of one size: how much some of them are is a guess.
  const bytes = share === undefined ? likely(alike, low, high) : low + (high - low) * share;
  return { bytes: Math.round(bytes), lowBytes: low, highBytes: high, basis: 'estimated' };
}

/**
 * How much of what others left a step would have fetched, nobody knows. One whose instruction never fetched
 * anything may do no more than look at what is there: nothing is counted for it, and the range says the rest.
 */
function likely(alike: Bytes, low: Bytes, high: Bytes): Bytes {
  if (alike > low) return alike;
  return alike < NEXT_TO_NOTHING ? low : (low + high) / 2;
}

/** A step's bytes are in each of its caches: the one that was empty longest ago has them all. */
function mostOf(fills: readonly CacheFill[], which: (share: CacheUser) => boolean): Bytes {
  return Math.max(...fills.map(({ spent }) => total(spent.filter(which))));
}

function total(spent: CacheFill['spent']): Bytes {
  return spent.reduce((sum, { bytes }) => sum + bytes, 0);
}

function isSame(a: CacheUser, b: CacheUser): boolean {
  return a.lineage === b.lineage && a.name === b.name;
}
