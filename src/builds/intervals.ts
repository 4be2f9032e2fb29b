import type { EpochMs, Milliseconds } from '../units.js';
import { MOST_INTERVALS } from './limits.js';
import type { StepInterval } from './types.js';

/**
 * BuildKit runs a vertex in several bouts. The first asks whether it is cached and takes some 20 µs, up to
 * 1.5 ms on a busy machine (seen on Engine 28); what comes later is the work.
 */
export const PROBE: Milliseconds = 2;

/** Adds what a vertex update says: a new bout, or the end of a known one. Bouts are told apart by their start. */
export function recordBout(
  bouts: Map<EpochMs, EpochMs | undefined>,
  startedAt: EpochMs,
  completedAt: EpochMs | undefined,
): void {
  if (completedAt === undefined && bouts.get(startedAt) !== undefined) return;
  if (bouts.size >= MOST_INTERVALS && !bouts.has(startedAt)) dropOneBout(bouts);
  bouts.set(startedAt, completedAt === undefined ? undefined : Math.max(startedAt, completedAt));
}

/**
 * Bouts as merged intervals, oldest first, probes left out unless there is nothing else; whole milliseconds.
 * @param end where bouts end that never completed; undefined while the build runs
 */
export function mergeBouts(
  bouts: ReadonlyMap<EpochMs, EpochMs | undefined>,
  end: EpochMs | undefined,
): StepInterval[] {
  const sorted = [...bouts].sort(([a], [b]) => a - b);
  const closed = sorted.map(([startedAt, completedAt]) => ({
    startedAt,
    completedAt: completedAt ?? (end === undefined ? undefined : Math.max(startedAt, end)),
  }));
  const work = closed.filter((bout) => !isProbe(bout));
  const kept = work.length > 0 ? work : closed.slice(-1);
  const merged: StepInterval[] = [];
  for (const { startedAt, completedAt } of kept) {
    const last = merged.at(-1);
    if (last === undefined || (last.completedAt !== undefined && last.completedAt < startedAt)) {
      merged.push({ startedAt, completedAt });
    } else if (last.completedAt !== undefined) {
      last.completedAt = completedAt === undefined ? undefined : Math.max(last.completedAt, completedAt);
    }
  }
  return merged.map((interval) => ({
    startedAt: Math.round(interval.startedAt),
    completedAt: interval.completedAt === undefined ? undefined : Math.round(interval.completedAt),
  }));
}

export function isProbe({ startedAt, completedAt }: StepInterval): boolean {
  return completedAt !== undefined && completedAt - startedAt < PROBE;
}

/** Makes room for one more: of two neighbours with the smallest gap, one bout is made that spans both. */
function dropOneBout(bouts: Map<EpochMs, EpochMs | undefined>): void {
  const starts = [...bouts.keys()].sort((a, b) => a - b);
  let best = 1;
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < starts.length; i++) {
    const gap = starts[i]! - (bouts.get(starts[i - 1]!) ?? Number.NEGATIVE_INFINITY);
    if (gap < smallest) [best, smallest] = [i, gap];
  }
  const [kept, dropped] = [starts[best - 1]!, starts[best]!];
  const ends = [bouts.get(kept), bouts.get(dropped)];
  bouts.delete(dropped);
  bouts.set(kept, ends.includes(undefined) ? undefined : Math.max(...(ends as number[])));
}
