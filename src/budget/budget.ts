/**
 * budget: bytes that a link may carry per billing cycle, what is left of them, and how long they will last.
 * Values in, values out: who counts and who warns is the daemon's.
 */
import type { BudgetState } from '../protocol/documents.js';
import type { Bytes, EpochMs, Interval } from '../units.js';
import { type Cycle, cycleAt } from './cycle.js';
import type { Forecast } from './forecast.js';

export interface Budget {
  link: string;
  limitBytes: Bytes;
  cycle: Cycle;
  /** IANA name: whose midnight the cycle begins at. */
  timeZone: string;
  setAt: EpochMs;
  /** What had been used in the cycle when it was set, as the carrier said; what was metered before does not count. */
  usedBefore: Bytes | undefined;
}

/** Of a cycle, what has to be read from the counters and what is added to it. */
export interface CountedPart {
  cycle: Interval;
  /** Bytes are to be counted in here. */
  counted: Interval;
  /** To be added: used before counting began. */
  usedBefore: Bytes;
}

/** @returns undefined when no cycle is under way: a package that has not begun or has expired */
export function countedPart(budget: Budget, at: EpochMs): CountedPart | undefined {
  const cycle = cycleAt(budget.cycle, at, budget.timeZone);
  if (cycle === undefined) return undefined;
  const wasSetInIt = budget.setAt > cycle.from && budget.setAt <= cycle.to;
  if (budget.usedBefore === undefined || !wasSetInIt) {
    return { cycle, counted: { from: cycle.from, to: at }, usedBefore: 0 };
  }
  return { cycle, counted: { from: Math.min(budget.setAt, at), to: at }, usedBefore: budget.usedBefore };
}

/** Never less than 0. */
export function remainingBytes(limitBytes: Bytes, usedBytes: Bytes): Bytes {
  return Math.max(0, limitBytes - usedBytes);
}

export function budgetState(
  limitBytes: Bytes,
  usedBytes: Bytes,
  cycle: Interval,
  forecast: Forecast | undefined,
): BudgetState {
  return {
    limitBytes,
    usedBytes,
    remainingBytes: remainingBytes(limitBytes, usedBytes),
    cycleStart: new Date(cycle.from).toISOString(),
    cycleEnd: new Date(cycle.to).toISOString(),
    forecastBytes: forecast?.bytes ?? null,
    forecastBasis: forecast?.basis ?? null,
    runsOutAt: forecast?.runsOutAt === undefined ? null : new Date(forecast.runsOutAt).toISOString(),
  };
}
