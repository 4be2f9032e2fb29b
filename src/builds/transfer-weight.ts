import type { Bytes, Interval, Milliseconds } from '../units.js';
import { blobGrowth } from './blob-progress.js';
import { isProbe } from './intervals.js';
import { isLookup } from './step-name.js';
import type { BlobProgress, Step } from './types.js';

/** What a step can claim of the bytes that its engine moved in an interval. */
export interface TransferWeight {
  /** How long it ran in the interval, looks into the cache aside. */
  activeMs: Milliseconds;
  /**
   * What its blobs grew by, in compressed bytes. Undefined for what tells no progress: ADD, git, uploads.
   * An image's lookup, and a pull that has not told of blobs yet, have grown by 0.
   */
  growthBytes: Bytes | undefined;
}

/** @param blobs those of its blobs whose growth counts as its own */
export function transferWeight(
  step: Step,
  interval: Interval,
  blobs: readonly BlobProgress[] = step.blobs,
): TransferWeight {
  const work = step.intervals.filter((each) => !isProbe(each));
  const activeMs = work.reduce((sum, { startedAt, completedAt = interval.to }) => {
    return sum + Math.max(0, Math.min(completedAt, interval.to) - Math.max(startedAt, interval.from));
  }, 0);
  const tellsProgress = step.kind === 'from' || isLookup(step.instruction);
  if (!tellsProgress) return { activeMs, growthBytes: undefined };
  return { activeMs, growthBytes: blobs.reduce((sum, blob) => sum + blobGrowth(blob, interval), 0) };
}
