import { hasGrown } from '../builds/blob-progress.js';
import type { BlobProgress, Step } from '../builds/types.js';
import type { Tier } from '../metering/types.js';
import type { Bytes } from '../units.js';
import { atLeast, exactly, onTheWire, plus } from './range.js';
import { ranMs } from './times.js';
import type { Actual, Basis, ColdCost, DeclaredCost, Range } from './types.js';

/** Blobs that were fetched took this much of their size at least; less was fetched for another step. */
const LEAST_OF_BLOBS = 0.98;
const SMALL_BLOBS: Bytes = 64 << 10;

/** Every cache mount of it was seen to be empty, or it has none. */
export function wasCold(step: Step): boolean {
  return step.cacheMounts.every((mount) => mount.emptyAtStart === true);
}

/**
 * What a step that ran says of its own cold cost: all that it moved, where nothing was there before.
 * Undefined for steps that failed, whose bytes are not known, or that had something in a cache mount.
 *
 * @param hasFetched false for a source that was asked for and found unchanged
 */
export function ownCost(step: Step, actual: Actual | undefined, tier: Tier): ColdCost | undefined {
  const end = step.intervals.at(-1)?.completedAt;
  if (step.status !== 'done' || step.unmetered || step.pullsCache) return undefined;
  if (actual === undefined || end === undefined) return undefined;
  const found = costOfKind(step, spentOf(actual));
  if (found === undefined) return undefined;
  const proxied = actual.proxies.some(({ bytes }) => bytes > 0);
  const isSure = !proxied && tier !== 'polled' && isOwn(step) && step.executorIds.length <= 1;
  const basis = found.basis === 'measured' && !isSure ? 'derived' : found.basis;
  return { ...found, basis, at: end, durationMs: ranMs(step) };
}

/** What a step declares, as bytes on the wire. @param spent what it moved */
export function declaredCost(declared: DeclaredCost, spent: Bytes): Range {
  if (!declared.isOnTop) return atLeast(onTheWire(declared), spent);
  // Taken from a cache, or fetched: an empty sum has no requests of its own.
  return declared.highBytes === 0 ? exactly(spent) : plus(exactly(spent), onTheWire(declared));
}

export function spentOf({ wanBytes, proxies }: Actual): Bytes {
  return proxies.reduce((sum, { bytes }) => sum + bytes, wanBytes);
}

type Found = Range & { basis: Exclude<Basis, 'unknown'> };

function costOfKind(step: Step, spent: Bytes): Found | undefined {
  switch (step.kind) {
    case 'run':
      return wasCold(step) ? { ...ofAttempts(step, spent), basis: 'measured' } : undefined;
    case 'from':
      return costOfImage(step, spent);
    case 'add':
      return { ...ofShare(step, spent), basis: 'measured' };
    case 'git':
      // BuildKit keeps a copy of each repository and fetches what is new; whether it had one is not told.
      return { ...exactly(spent), basis: 'estimated' };
    default:
      return undefined;
  }
}

/** A step that was tried more than once spent the bytes of all its tries. */
function ofAttempts(step: Step, spent: Bytes): Range {
  const tries = Math.max(1, step.executorIds.length);
  return { ...exactly(spent), lowBytes: Math.floor(spent / tries) };
}

/** Where two steps fetched from one place at once, the bytes of each are a share. */
function ofShare(step: Step, spent: Bytes): Range {
  return isOwn(step)
    ? exactly(spent)
    : { bytes: Math.round(spent), lowBytes: 0, highBytes: 2 * Math.round(spent) };
}

function isOwn({ kind, attribution }: Step): boolean {
  return attribution === 'exact' || (kind !== 'run' && attribution === 'inferred');
}

/**
 * Layers that were there would have been fetched, too; their compressed sizes are told, or else stand in the
 * manifest: layers that another image brought are not mentioned at all (seen on Engine 28). Of manifests and
 * configurations, some hundred bytes each, it is not told that they were fetched.
 */
function costOfImage({ blobs, declared }: Step, spent: Bytes): Found | undefined {
  const fetched = sizeOf(blobs.filter(hasGrown));
  const told = sizeOf(blobs.filter((blob) => !hasGrown(blob)));
  const all = declared?.[0]?.bytes;
  // Without the manifest, what was not mentioned may be everything.
  if (fetched + told === 0 || (fetched === 0 && told <= SMALL_BLOBS && all === undefined)) return undefined;
  const there = Math.max(told, (all ?? 0) - fetched);
  if (spent < fetched * LEAST_OF_BLOBS) return { ...onTheWire(exactly(fetched + there)), basis: 'derived' };
  if (there <= SMALL_BLOBS) return { ...exactly(spent), basis: 'measured' };
  return { ...plus(exactly(spent), onTheWire(exactly(there))), basis: 'derived' };
}

/**
 * Layers that BuildKit says were fetched and that are not among the step's bytes: another step has them, or they
 * stayed the engine's. They crossed the link, and are no saving.
 */
export function fetchedElsewhere({ kind, blobs }: Step, spent: Bytes): Bytes {
  const fetched = kind === 'from' ? sizeOf(blobs.filter(hasGrown)) : 0;
  return spent >= fetched * LEAST_OF_BLOBS ? 0 : onTheWire(exactly(fetched)).bytes - spent;
}

function sizeOf(blobs: readonly BlobProgress[]): Bytes {
  return blobs.reduce(
    (sum, { total, samples }) => sum + Math.max(total ?? 0, samples.at(-1)?.current ?? 0),
    0,
  );
}
