import type { Bytes, Interval, Milliseconds } from '../units.js';
import { blobGrowth, unreportedGrowth } from './blob-progress.js';
import { isLookup } from './step-name.js';
import type { Step } from './types.js';

/** What a step can claim of the bytes that its engine moved in an interval. */
export interface TransferWeight {
  /** How long it ran in the interval. */
  activeMs: Milliseconds;
  /**
   * What its blobs grew by, in compressed bytes. Undefined for what tells no progress: ADD, git, uploads.
   * An image's lookup, and a pull that has not told of blobs yet, have grown by 0.
   */
  growthBytes: Bytes | undefined;
  /** What its blobs may have grown by until the end of the interval and not told. */
  unreportedBytes: Bytes;
}

/** @param blobsOfOthers ids of blobs whose growth in this interval is counted elsewhere */
export function transferWeight(
  step: Step,
  interval: Interval,
  blobsOfOthers: ReadonlySet<string> = new Set(),
): TransferWeight {
  const activeMs = step.intervals.reduce((sum, { startedAt, completedAt = interval.to }) => {
    return sum + Math.max(0, Math.min(completedAt, interval.to) - Math.max(startedAt, interval.from));
  }, 0);
  if (step.kind !== 'from' && !isLookup(step.instruction)) {
    return { activeMs, growthBytes: undefined, unreportedBytes: 0 };
  }
  const own = step.blobs.filter((blob) => !blobsOfOthers.has(blob.id));
  return {
    activeMs,
    growthBytes: own.reduce((sum, blob) => sum + blobGrowth(blob, interval), 0),
    unreportedBytes: own.reduce((sum, blob) => sum + unreportedGrowth(blob, interval.to), 0),
  };
}
