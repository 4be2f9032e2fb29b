import type { Step } from '../builds/types.js';
import type { EpochMs, Milliseconds } from '../units.js';

/** How long a step worked, gaps left out; of what still runs, what is over. */
export function ranMs(step: Pick<Step, 'intervals'>): Milliseconds {
  return step.intervals.reduce(
    (sum, { startedAt, completedAt }) => sum + (completedAt === undefined ? 0 : completedAt - startedAt),
    0,
  );
}

export function beganAt(step: Pick<Step, 'intervals'>): EpochMs | undefined {
  return step.intervals[0]?.startedAt;
}
