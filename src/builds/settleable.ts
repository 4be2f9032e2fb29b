import type { EpochMs, Milliseconds } from '../units.js';
import { sourceSteps } from './source-steps.js';
import type { Build } from './types.js';

/** Short fetches are settled whole: all that is known of them, and all they moved, is weighed at once. */
const SHORT: Milliseconds = 15_000;

/**
 * How far a period is best settled now: not beyond the start of a fetch that goes on and is not long yet.
 *
 * @param builds those of the engine that overlap the period
 * @returns a time from `from` to `to`
 */
export function settleableUntil(builds: readonly Build[], from: EpochMs, to: EpochMs): EpochMs {
  const starts = sourceSteps(builds)
    .filter(({ step, lookup }) => !lookup && step.status === 'running')
    .map(({ step }) => step.intervals[0]!.startedAt)
    .filter((startedAt) => to - startedAt < SHORT);
  return Math.max(from, Math.min(to, ...starts));
}
