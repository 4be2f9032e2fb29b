/** What people are told of budgets, and when. */
import { formatBytes } from '../text/figures.js';
import type { Bytes, EpochMs, Interval } from '../units.js';
import { localDateOf } from './local-date.js';
import { decide, THRESHOLDS } from './thresholds.js';

/** A warning, and by what it is known. */
export interface BudgetWarning {
  key: string;
  code: 'budget-used' | 'budget-forecast';
  message: string;
  /** False for thresholds that were passed together with a higher one, which is told. */
  told: boolean;
}

export interface BudgetUse {
  link: string;
  limitBytes: Bytes;
  usedBytes: Bytes;
  cycle: Interval;
  timeZone: string;
  forecastBytes: Bytes | undefined;
  runsOutAt: EpochMs | undefined;
}

/** @returns what to warn of now, and the keys of what is over */
export function budgetWarnings(
  use: BudgetUse,
  holds: (key: string) => boolean,
): { raise: BudgetWarning[]; end: string[] } {
  const { limitBytes, usedBytes, forecastBytes } = use;
  const keyOf = (what: string | number) => `${keyPrefix(use.link, use.cycle)}${what}`;
  const held = THRESHOLDS.filter((threshold) => holds(keyOf(threshold)));
  const before = { thresholds: held, forecast: holds(keyOf('forecast')) };
  const { threshold, forecast, given } = decide(usedBytes, limitBytes, forecastBytes, before);
  const raise: BudgetWarning[] = given.thresholds
    .filter((passed) => !held.includes(passed))
    .map((passed) => ({
      key: keyOf(passed),
      code: 'budget-used',
      message: usedText(use),
      told: passed === threshold,
    }));
  if (forecast) {
    raise.push({ key: keyOf('forecast'), code: 'budget-forecast', message: forecastText(use), told: true });
  }
  const end = held.filter((passed) => !given.thresholds.includes(passed)).map(keyOf);
  if (before.forecast && !given.forecast) end.push(keyOf('forecast'));
  return { raise, end };
}

/** Of all warnings about a link's budget in a cycle. */
export function keyPrefix(link: string, cycle: Interval): string {
  return `budget:${JSON.stringify(link)}:${cycle.to}:`;
}

function usedText({ link, limitBytes, usedBytes, cycle, timeZone }: BudgetUse): string {
  const percent = Math.floor((100 * usedBytes) / limitBytes);
  const left = limitBytes - usedBytes;
  const rest = left > 0 ? `${formatBytes(left)} are left` : 'nothing is left';
  return (
    `${link}: ${percent} % of the budget is used (${formatBytes(usedBytes)} of ${formatBytes(limitBytes)}); ` +
    `${rest} until ${localDateOf(cycle.to, timeZone)}`
  );
}

function forecastText({ link, limitBytes, forecastBytes, runsOutAt, cycle, timeZone }: BudgetUse): string {
  const when = runsOutAt === undefined ? '' : ` and will be used up on ${localDateOf(runsOutAt, timeZone)}`;
  return (
    `${link}: at this pace ${formatBytes(forecastBytes ?? null)} will be used until ` +
    `${localDateOf(cycle.to, timeZone)}; the budget is ${formatBytes(limitBytes)}${when}`
  );
}
