import type { LiveState } from '../../src/live/state.js';
import type { PeriodName } from '../../src/live/types.js';

const HOUR_MS = 3_600_000;

/** When a period began, in epoch milliseconds. Days begin at this machine's midnight. */
export function periodStart(
  period: PeriodName,
  now: number,
  { startedAt, cycleStart }: Pick<LiveState, 'startedAt' | 'cycleStart'>,
): number {
  if (period === 'hour') return now - HOUR_MS;
  if (period === 'start' && startedAt !== undefined) return Date.parse(startedAt);
  if (period === 'cycle' && cycleStart !== undefined) return Date.parse(cycleStart);
  return new Date(now).setHours(0, 0, 0, 0);
}
