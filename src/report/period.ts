/** The report of a period: what crossed the links, whose it was, and which builds it went to. */
import type { Build } from '../builds/types.js';
import type { UsageRow } from '../metering/usage.js';
import type {
  AdviceDocument,
  BudgetState,
  MaybeTransfer,
  ReconciliationDocument,
  ReportDocument,
} from '../protocol/documents.js';
import { SCHEMA } from '../protocol/documents.js';
import type { ProxyOverhead } from '../savings/proxy-overhead.js';
import type { LinkPrices } from '../savings/types.js';
import { type Interval, type Transfer, totalBytes } from '../units.js';
import { type BuildUsage, buildDocument, stepDocument } from './builds.js';
import { projectChanges } from './changes.js';
import { type PeriodSavings, periodSavings, savedBytes } from './period-saved.js';
import { projectName } from './project-name.js';
import { carriesOthers, iso, noTransfer, reportedKind } from './sums.js';
import { weeksOf } from './weeks.js';

export interface PeriodLink {
  name: string;
  /** Bytes that crossed it, layer 2 headers taken off. */
  transfer: Transfer;
  metered: boolean | null;
  budget: BudgetState | null;
  reconciliation: ReconciliationDocument | null;
}

export interface PeriodFacts {
  period: Interval;
  timeZone: string;
  /** False where nobody counted in all of the period: then no bytes are not 0 bytes. */
  isMetered: boolean;
  usage: readonly UsageRow[];
  links: readonly PeriodLink[];
  /** Builds that started in the period. */
  builds: readonly Build[];
  buildUsage: BuildUsage;
  /** What proxies fetched for nobody. */
  overheads: readonly ProxyOverhead[];
  /** Wan bytes per local day. */
  days: readonly { date: string; usedBytes: number }[];
  advice: readonly AdviceDocument[];
  /** Of builds in the period that followed an estimate, and by how much half of them were off. */
  estimates: { count: number; ratio: number | undefined };
  /** Wan bytes of the period of the same length before; undefined when nothing was metered then. */
  previousUsedBytes: number | undefined;
  /** Its builds. */
  previousBuilds: readonly Build[];
  previousBuildUsage: BuildUsage;
  previousOverheads: readonly ProxyOverhead[];
  prices: LinkPrices;
}

const TOP_STEPS = 10;
const UNKNOWN = { rxBytes: null, txBytes: null };
const UNKNOWN_SAVINGS = { coldBytes: null, saved: null, money: null, workAvoidedMs: null, energyWh: null };

export function periodReport(facts: PeriodFacts): ReportDocument {
  const { period, usage, links, builds, buildUsage, overheads } = facts;
  const documents = builds.map((build) => buildDocument(build, buildUsage));
  const wan = wanOf(usage);
  const { timeZone, prices } = facts;
  const savings = periodSavings({ builds, usage: buildUsage, overheads, links, prices, wan, timeZone });
  const days = facts.days.map(({ date, usedBytes }) => ({ date, usedBytes, ...savings.onDay(date) }));
  const shown = projects(documents, savings);
  return {
    schema: SCHEMA,
    since: iso(period.from),
    until: iso(period.to),
    timeZone,
    wan: facts.isMetered ? wan : UNKNOWN,
    byOwnerKind: facts.isMetered ? byOwnerKind(usage, links) : unknownKinds(),
    builds: {
      count: builds.length,
      failed: builds.filter((build) => build.status === 'failed').length,
    },
    ...(facts.isMetered || builds.length > 0 ? savings.fields : UNKNOWN_SAVINGS),
    links: links.map((link) => ({
      name: link.name,
      metered: link.metered,
      bytes: totalBytes(link.transfer),
      reconciliation: link.reconciliation,
      budget: link.budget,
    })),
    days,
    weeks: weeksOf(days, period, timeZone),
    projects: shown,
    changes: facts.previousUsedBytes === undefined ? [] : changesOf(shown, facts),
    topSteps: topSteps(builds, buildUsage),
    estimates: { count: facts.estimates.count, medianErrorRatio: facts.estimates.ratio ?? null },
    previous: {
      usedBytes: facts.previousUsedBytes ?? null,
      savedBytes:
        facts.previousUsedBytes === undefined
          ? null
          : savedBytes(facts.previousBuilds, facts.previousBuildUsage, facts.previousOverheads),
    },
    tiers: tiers(usage),
    advice: [...facts.advice],
  };
}

function changesOf(
  now: ReportDocument['projects'],
  { previousBuilds, previousBuildUsage }: PeriodFacts,
): ReportDocument['changes'] {
  const before = usedByProject(previousBuilds.map((build) => buildDocument(build, previousBuildUsage)));
  return projectChanges(new Map(now.map(({ name, usedBytes }) => [name, usedBytes])), before);
}

function wanOf(usage: readonly UsageRow[]): Transfer {
  const sum = noTransfer();
  for (const row of usage) if (row.class === 'wan' && !carriesOthers(row.owner)) add(sum, row);
  return sum;
}

/**
 * Disjoint sums per kind of owner over everything that crossed a link, whatever its class. What the
 * links carried beyond them is unattributed, signed: negative when packets were dropped before the link.
 */
function byOwnerKind(
  usage: readonly UsageRow[],
  links: readonly PeriodLink[],
): Record<keyof ReportDocument['byOwnerKind'], Transfer> {
  const kinds = {
    step: noTransfer(),
    pull: noTransfer(),
    engine: noTransfer(),
    container: noTransfer(),
    proxy: noTransfer(),
    host: noTransfer(),
    unattributed: noTransfer(),
  };
  const names = new Set(links.map((link) => link.name));
  for (const link of links) add(kinds.unattributed, link.transfer);
  for (const row of usage) {
    if (row.link === undefined || !names.has(row.link) || carriesOthers(row.owner)) continue;
    add(kinds[reportedKind(row.owner)], row);
    kinds.unattributed.rxBytes -= row.rxBytes;
    kinds.unattributed.txBytes -= row.txBytes;
  }
  return kinds;
}

function unknownKinds(): ReportDocument['byOwnerKind'] {
  const kinds: ReportDocument['byOwnerKind'] = byOwnerKind([], []);
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) kinds[kind] = UNKNOWN;
  return kinds;
}

function projects(
  documents: readonly ReturnType<typeof buildDocument>[],
  { ofProject }: PeriodSavings,
): ReportDocument['projects'] {
  return [...usedByProject(documents)]
    .map(([name, usedBytes]) => ({ name, usedBytes, savedBytes: ofProject(name) }))
    .toSorted((a, b) => b.usedBytes - a.usedBytes);
}

function usedByProject(documents: readonly ReturnType<typeof buildDocument>[]): Map<string, number> {
  const used = new Map<string, number>();
  for (const build of documents) {
    const name = projectName(build);
    used.set(name, (used.get(name) ?? 0) + knownBytes(build.wan));
  }
  return used;
}

/** The same step of the same project in several builds is one row. */
function topSteps(builds: readonly Build[], usage: BuildUsage): ReportDocument['topSteps'] {
  const rows = new Map<string, ReportDocument['topSteps'][number]>();
  for (const build of builds) {
    for (const step of build.steps) {
      const { wan, savings } = stepDocument(build, step, usage);
      const bytes = knownBytes(wan);
      if (bytes === 0) continue;
      const project = build.project ?? null;
      const key = JSON.stringify([project, step.name]);
      const row = rows.get(key) ?? { name: step.name, project, bytes: 0, savedBytes: null };
      row.bytes += bytes;
      if (savings !== null) {
        row.savedBytes = savings.reduce((sum, saving) => sum + saving.bytes, row.savedBytes ?? 0);
      }
      rows.set(key, row);
    }
  }
  return [...rows.values()].toSorted((a, b) => b.bytes - a.bytes).slice(0, TOP_STEPS);
}

/** What is not known is left out of a project's sum: its builds say that they do not know. */
function knownBytes(transfer: MaybeTransfer): number {
  return (transfer.rxBytes ?? 0) + (transfer.txBytes ?? 0);
}

function tiers(usage: readonly UsageRow[]): ReportDocument['tiers'] {
  const sums = { exact: 0, header: 0, polled: 0 };
  for (const row of usage) {
    if (row.class !== 'wan' || carriesOthers(row.owner)) continue;
    if (row.tier === 'exact' || row.tier === 'header' || row.tier === 'polled')
      sums[row.tier] += totalBytes(row);
  }
  return sums;
}

function add(sum: Transfer, more: Transfer): void {
  sum.rxBytes += more.rxBytes;
  sum.txBytes += more.txBytes;
}
