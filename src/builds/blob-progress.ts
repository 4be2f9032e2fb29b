import type { Bytes, EpochMs, Interval } from '../units.js';
import { MOST_SAMPLES } from './limits.js';
import type { ProgressUpdate } from './status.js';
import type { BlobProgress } from './types.js';

/** The status ids of blobs that a pull fetches; those of other work are words. */
const BLOB_ID = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const JUMP: Bytes = 1 << 20;
/** Uploads to a registry: BuildKit gives no bytes for these. */
const PUSH_ID = /^pushing /;

export function isBlobTransfer(id: string): boolean {
  return BLOB_ID.test(id) || PUSH_ID.test(id);
}

/**
 * Adds a value to a blob's progress. Three shapes come (seen on Engine 28): values every 100 ms while it
 * is downloaded, the first ones missing when it is fast; only the last value when a build is read from the
 * history, with the start and the end of the download; and the full size at once for a blob that was there,
 * which says that it was completed before it was started.
 */
export function recordProgress(blob: BlobProgress, update: ProgressUpdate): void {
  if (update.total > 0) blob.total = update.total;
  const { startedAt, completedAt, current } = update;
  const at = completedAt ?? update.at ?? startedAt;
  if (at === undefined) return;
  const isFirst = blob.samples.length === 0;
  if (completedAt !== undefined && startedAt !== undefined && completedAt < startedAt) {
    if (isFirst) blob.samples.push(sample(startedAt, current));
    return;
  }
  if (isFirst && startedAt !== undefined && current > 0) blob.samples.push(sample(startedAt, 0));
  addSample(blob.samples, sample(at, current));
}

/**
 * The blob as it is when the step that needed it has succeeded: whole. Of a fast download the last values
 * are often not told (seen on Engine 28).
 */
export function completedBlob(blob: BlobProgress, at: EpochMs): BlobProgress {
  const { total, samples } = blob;
  const last = samples.at(-1);
  if (last === undefined || total === undefined || last.current >= total) return blob;
  return { ...blob, samples: [...samples, { at: Math.max(last.at, at), current: total }] };
}

/**
 * What may have come of a blob by then without having been told. Engines tell in jumps of 1 MiB (seen on
 * Engine 28), and a jump that was even between two samples is known in full only at its end.
 */
export function unreportedGrowth({ total, samples }: BlobProgress, at: EpochMs): Bytes {
  if (samples.length === 0 || total === undefined) return 0;
  return Math.max(0, Math.min(JUMP, total - valueAt(samples, at)));
}

/** Whether it was fetched, as far as told, rather than there. */
export function hasGrown({ samples }: BlobProgress): boolean {
  return samples.length > 1;
}

/** Bytes that a blob grew by in an interval, its growth between two samples taken as even. */
export function blobGrowth({ samples }: BlobProgress, interval: Interval): Bytes {
  if (samples.length === 0) return 0;
  return Math.max(0, valueAt(samples, interval.to) - valueAt(samples, interval.from));
}

function sample(at: EpochMs, current: Bytes): BlobProgress['samples'][number] {
  return { at: Math.round(at), current };
}

/** Keeps those that tell more than their neighbours, and not more than MOST_SAMPLES. */
function addSample(samples: BlobProgress['samples'], next: BlobProgress['samples'][number]): void {
  const last = samples.at(-1);
  // Blobs grow in jumps of 1 MiB; what lies between two jumps is no news.
  if (last !== undefined && next.current <= last.current) return;
  samples.push({ ...next, at: Math.max(next.at, last?.at ?? next.at) });
  if (samples.length <= MOST_SAMPLES) return;
  for (let i = samples.length - 2; i > 0; i -= 2) samples.splice(i, 1);
}

function valueAt(samples: BlobProgress['samples'], at: EpochMs): number {
  const first = samples[0]!;
  if (at <= first.at) return first.current;
  for (let i = 1; i < samples.length; i++) {
    const [before, after] = [samples[i - 1]!, samples[i]!];
    if (at >= after.at) continue;
    return before.current + ((after.current - before.current) * (at - before.at)) / (after.at - before.at);
  }
  return samples.at(-1)!.current;
}
