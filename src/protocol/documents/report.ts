import type { AdviceDocument } from './advice.js';
import type { BudgetState } from './links.js';
import type { PeriodSavedDocument } from './savings.js';
import type { MaybeTransfer, ReconciliationDocument } from './shared.js';

export interface ReportDocument {
  schema: 1;
  since: string;
  until: string;
  timeZone: string;
  /** Null where nobody counted in all of the period. */
  wan: MaybeTransfer;
  byOwnerKind: Record<
    'step' | 'pull' | 'engine' | 'container' | 'proxy' | 'host' | 'unattributed',
    MaybeTransfer
  >;
  builds: { count: number; failed: number };
  coldBytes: number | null;
  saved: PeriodSavedDocument | null;
  money: { currency: string; spent: number; saved: number | null }[] | null;
  workAvoidedMs: number | null;
  energyWh: { used: number; saved: number | null; source: string } | null;
  links: {
    name: string;
    metered: boolean | null;
    bytes: number;
    reconciliation: ReconciliationDocument | null;
    budget: BudgetState | null;
  }[];
  days: { date: string; usedBytes: number; savedBytes: number | null; headlineBytes: number | null }[];
  /** The days by ISO week; a week is whole where all of it lies in the period and was metered. */
  weeks: {
    week: string;
    isWhole: boolean;
    usedBytes: number;
    savedBytes: number | null;
    headlineBytes: number | null;
  }[];
  projects: { name: string; usedBytes: number; savedBytes: number | null }[];
  /** Projects that used something else than in the period before, most changed first; empty when that is unknown. */
  changes: { name: string; usedBytes: number; previousUsedBytes: number }[];
  topSteps: { name: string; project: string | null; bytes: number; savedBytes: number | null }[];
  estimates: { count: number; medianErrorRatio: number | null };
  previous: { usedBytes: number | null; savedBytes: number | null };
  tiers: { exact: number; header: number; polled: number };
  advice: AdviceDocument[];
}

/** When reports are written without being asked for. */
export interface ScheduleDocument {
  schema: 1;
  schedule: 'weekly' | null;
  format: 'text' | 'md' | 'html' | 'json' | null;
  timeZone: string | null;
  /** Where they are written to. */
  directory: string;
  nextAt: string | null;
}
