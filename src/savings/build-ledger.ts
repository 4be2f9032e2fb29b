import type { Basis } from '../protocol/documents.js';
import type { Bytes, Milliseconds } from '../units.js';
import { type LedgerFacts, stepLedger } from './step-ledger.js';
import type { SavingCause, StepLedger } from './types.js';

/** The ledger of one build: a page per step, by digest. Steps that wait to run have none. */
export type BuildLedger = ReadonlyMap<string, StepLedger>;

/** Pages added up. */
export interface LedgerSum {
  /** What the steps would have cost cold; those that nobody can say anything of count with what they cost. */
  coldBytes: Bytes;
  actualBytes: Bytes;
  bytes: Bytes;
  /** Of cache mounts and proxies. */
  headlineBytes: Bytes;
  lowBytes: Bytes;
  highBytes: Bytes;
  byCause: Record<SavingCause, Bytes>;
  byBasis: Record<Exclude<Basis, 'unknown'>, Bytes>;
  residualBytes: Bytes;
  /** Steps that could have saved something, nobody can say what. */
  unknownSteps: number;
  /** Steps that fetch something, of which a saving is known, be it none. */
  knownSteps: number;
  /** Steps of whatever kind that are over and have a page without question marks. */
  settledSteps: number;
  /** Steps whose cold duration is known, and what they took less than that, one after the other. */
  timedSteps: number;
  workAvoidedMs: Milliseconds;
}

export function buildLedger(facts: LedgerFacts): BuildLedger {
  const steps = facts.build.steps.filter((step) => step.status !== 'pending');
  return new Map(steps.map((step) => [step.digest, stepLedger(step, facts)]));
}

export function noSum(): LedgerSum {
  return {
    coldBytes: 0,
    actualBytes: 0,
    bytes: 0,
    headlineBytes: 0,
    lowBytes: 0,
    highBytes: 0,
    byCause: { 'cache-mount': 0, proxy: 0, 'layer-cache': 0, 'local-image': 0, 'shared-build': 0 },
    byBasis: { measured: 0, derived: 0, estimated: 0 },
    residualBytes: 0,
    unknownSteps: 0,
    knownSteps: 0,
    settledSteps: 0,
    timedSteps: 0,
    workAvoidedMs: 0,
  };
}

/** Nothing is known but that something is not. */
export function isAllUnknown(sum: LedgerSum): boolean {
  return sum.unknownSteps > 0 && sum.knownSteps === 0;
}

/** `coldBytes - actualBytes = bytes + residualBytes`, whatever the pages say. */
export function sumPages(pages: Iterable<StepLedger>): LedgerSum {
  const sum = noSum();
  for (const page of pages) addPage(sum, page);
  return sum;
}

function addPage(sum: LedgerSum, page: StepLedger): void {
  if (page.isUnknown) sum.unknownSteps += 1;
  sum.actualBytes += page.actualBytes ?? 0;
  sum.coldBytes += page.actualBytes ?? 0;
  if (page.workAvoidedMs !== undefined) {
    sum.timedSteps += 1;
    sum.workAvoidedMs += page.workAvoidedMs;
  }
  if (page.savings === undefined) return;
  if (!page.isUnknown) sum.settledSteps += 1;
  if (!page.isUnknown && !page.isNeutral) sum.knownSteps += 1;
  for (const { cause, basis, bytes, lowBytes, highBytes } of page.savings) {
    sum.bytes += bytes;
    sum.lowBytes += lowBytes;
    sum.highBytes += highBytes;
    sum.byCause[cause] += bytes;
    sum.byBasis[basis] += bytes;
    if (cause === 'cache-mount' || cause === 'proxy') sum.headlineBytes += bytes;
    sum.coldBytes += bytes;
  }
  sum.residualBytes += page.residualBytes ?? 0;
  sum.coldBytes += page.residualBytes ?? 0;
}

/** Adds `more` into `sum`, in place. */
export function addSum(sum: LedgerSum, more: LedgerSum): LedgerSum {
  for (const key of NUMBERS) sum[key] += more[key];
  for (const cause of Object.keys(sum.byCause) as SavingCause[]) sum.byCause[cause] += more.byCause[cause];
  for (const basis of ['measured', 'derived', 'estimated'] as const)
    sum.byBasis[basis] += more.byBasis[basis];
  return sum;
}

const NUMBERS = [
  'coldBytes',
  'actualBytes',
  'bytes',
  'headlineBytes',
  'lowBytes',
  'highBytes',
  'residualBytes',
  'unknownSteps',
  'knownSteps',
  'settledSteps',
  'timedSteps',
  'workAvoidedMs',
] as const;
