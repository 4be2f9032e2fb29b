import type { BudgetState } from '../../protocol/documents.js';
import { formatBytes } from '../../text/figures.js';

/** `3.10 GB of 5.00 GB, 6.20 GB by 2026-12-12`; `none` where there is no budget. */
export function budgetText(budget: BudgetState | null): string {
  if (budget === null) return 'none';
  const used = `${formatBytes(budget.usedBytes)} of ${formatBytes(budget.limitBytes)}`;
  if (budget.forecastBytes === null) return used;
  return `${used}, ${formatBytes(budget.forecastBytes)} by ${budget.cycleEnd.slice(0, 10)}`;
}
