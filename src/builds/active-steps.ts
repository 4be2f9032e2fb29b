import type { Interval, Milliseconds } from '../units.js';
import { isProbe } from './intervals.js';
import type { SourceStep } from './source-steps.js';
import { type TransferWeight, transferWeight } from './transfer-weight.js';

/** The last packets of a connection come after the step that it was for. */
export const GRACE: Milliseconds = 500;
/** Times of steps are rounded to milliseconds, those of ticks cut: one that began right after a tick's end may be in it. */
const ROUNDING: Milliseconds = 1;

/** Who may have bytes: those of the lowest rank that is there. */
export type Rank = 'transfer' | 'lookup' | 'ended';
export const RANKS: readonly Rank[] = ['transfer', 'lookup', 'ended'];

export interface ActiveStep extends SourceStep {
  weight: TransferWeight;
  rank: Rank;
}

/** The source steps that ran or grew in an interval, or ended shortly before it, in the order given. */
export function activeSteps(steps: readonly SourceStep[], interval: Interval): ActiveStep[] {
  return steps.flatMap((source): ActiveStep[] => {
    const weight = transferWeight(source.step, interval, source.blobs);
    if (weight.activeMs > 0 || (weight.growthBytes ?? 0) > 0) {
      return [{ ...source, weight, rank: source.lookup ? 'lookup' : 'transfer' }];
    }
    if (!endedBefore(source, interval) && !beginsAt(source, interval)) return [];
    return [{ ...source, weight: { ...weight, activeMs: 1 }, rank: 'ended' }];
  });
}

function beginsAt({ step }: SourceStep, { to }: Interval): boolean {
  const bouts = step.intervals.filter((each) => !isProbe(each));
  return bouts.some(({ startedAt }) => startedAt >= to && startedAt <= to + ROUNDING);
}

function endedBefore({ step }: SourceStep, { from }: Interval): boolean {
  return step.intervals.some(({ startedAt, completedAt }) => {
    if (completedAt === undefined || isProbe({ startedAt, completedAt })) return false;
    return completedAt <= from && completedAt + GRACE > from;
  });
}
