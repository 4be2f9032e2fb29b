/** What a period's builds saved, as its report tells: in all, by day, by project, in money and energy. */
import type { Build } from '../builds/types.js';
import type { ReportDocument } from '../protocol/documents.js';
import { addSum, isAllUnknown, type LedgerSum, noSum, sumPages } from '../savings/build-ledger.js';
import { ENERGY_SOURCE, wattHours } from '../savings/energy.js';
import { moneyOf, type SavedOnLink } from '../savings/money.js';
import { bearOverhead, type ProxyOverhead, sumOfOverheads } from '../savings/proxy-overhead.js';
import type { LinkPrices } from '../savings/types.js';
import { type Bytes, type Transfer, totalBytes } from '../units.js';
import { type BuildUsage, stepSum } from './builds.js';
import { projectName } from './project-name.js';
import { coldBytesOf, savedFields } from './saved.js';
import { mainLink, mergeSums } from './sums.js';

/** A build with its ledger added up, and what it saved on which link. */
interface SummedBuild {
  build: Build;
  sum: LedgerSum;
  onLinks: SavedOnLink[];
}

export interface PeriodSavings {
  fields: Pick<ReportDocument, 'coldBytes' | 'saved' | 'workAvoidedMs' | 'money' | 'energyWh'>;
  /** Of builds that began on a local day, as `YYYY-MM-DD`; null where nothing is known. */
  onDay(date: string): { savedBytes: Bytes | null; headlineBytes: Bytes | null };
  ofProject(name: string): Bytes | null;
}

export interface PeriodSavingsFacts {
  builds: readonly Build[];
  usage: BuildUsage;
  /** Of the whole period. */
  overheads: readonly ProxyOverhead[];
  links: readonly { name: string; transfer: Transfer }[];
  prices: LinkPrices;
  wan: Transfer;
  timeZone: string;
}

export function periodSavings(facts: PeriodSavingsFacts): PeriodSavings {
  const { usage, links, prices, wan, overheads } = facts;
  const builds = facts.builds.map((build) => summed(build, usage, prices));
  const overheadBytes = sumOfOverheads(overheads);
  const all = bearOverhead(added(builds), overheadBytes);
  const onLinks = [
    ...builds.flatMap((each) => each.onLinks),
    ...overheads.map(({ at, bytes }) => ({ link: prices.linkAt(at), bytes: -bytes })),
  ];
  const isNone = builds.length === 0;
  const days = grouped(builds, ({ build }) => localDate(build.startedAt, facts.timeZone));
  const projects = grouped(builds, ({ build }) => projectName(build));
  const energySaved = isAllUnknown(all) ? null : wattHours(all.bytes);
  return {
    fields: {
      coldBytes: isNone ? 0 : coldBytesOf(all),
      saved: usage.ledgers === undefined ? null : periodSaved(all, overheadBytes, onLinks, prices),
      workAvoidedMs: all.timedSteps > 0 ? all.workAvoidedMs : isNone ? 0 : null,
      money: moneyOf(links, onLinks, prices)?.map((each) => ({ ...each, saved: each.saved ?? null })) ?? null,
      energyWh: { used: wattHours(totalBytes(wan)), saved: energySaved, source: ENERGY_SOURCE },
    },
    onDay: (date) => {
      const sum = days.get(date) ?? noSum();
      if (isAllUnknown(sum)) return { savedBytes: null, headlineBytes: null };
      return { savedBytes: sum.bytes, headlineBytes: sum.headlineBytes };
    },
    ofProject: (name) => knownBytes(projects.get(name) ?? noSum()),
  };
}

/** What builds saved in all, less what proxies fetched for nobody; null where nothing is known of it. */
export function savedBytes(
  builds: readonly Build[],
  { ledgers }: BuildUsage,
  overheads: readonly ProxyOverhead[],
): Bytes | null {
  const sum = bearOverhead(noSum(), sumOfOverheads(overheads));
  for (const build of builds) addSum(sum, sumPages(ledgers?.get(build.ref)?.values() ?? []));
  return knownBytes(sum);
}

function knownBytes(sum: LedgerSum): Bytes | null {
  return isAllUnknown(sum) ? null : sum.bytes;
}

function periodSaved(
  all: LedgerSum,
  proxyOverheadBytes: Bytes,
  onLinks: readonly SavedOnLink[],
  { isMetered }: LinkPrices,
): ReportDocument['saved'] {
  const metered = onLinks.filter(({ link }) => link !== undefined && isMetered(link) === true);
  return {
    ...savedFields(all),
    meteredBytes: metered.reduce((sum, { bytes }) => sum + bytes, 0),
    byBasis: { ...all.byBasis },
    proxyOverheadBytes,
  };
}

function summed(build: Build, usage: BuildUsage, { linkAt }: LinkPrices): SummedBuild {
  const ledger = usage.ledgers?.get(build.ref);
  const sums = build.steps.map((step) => stepSum(build.ref, step, usage));
  const total = mergeSums(sums.filter((sum) => sum !== undefined));
  const ofBuild = (total && mainLink(total.wanByLink)) ?? linkAt(build.startedAt);
  const onLinks = build.steps.flatMap((step, i): SavedOnLink[] => {
    const bytes = ledger?.get(step.digest)?.savings?.reduce((sum, saving) => sum + saving.bytes, 0) ?? 0;
    const own = sums[i] && mainLink(sums[i].wanByLink);
    return bytes === 0 ? [] : [{ link: own ?? ofBuild, bytes }];
  });
  return { build, sum: sumPages(ledger?.values() ?? []), onLinks };
}

function added(builds: readonly SummedBuild[]): LedgerSum {
  return builds.reduce((all, { sum }) => addSum(all, sum), noSum());
}

function grouped(
  builds: readonly SummedBuild[],
  keyOf: (build: SummedBuild) => string,
): Map<string, LedgerSum> {
  const groups = new Map<string, LedgerSum>();
  for (const each of builds) {
    const key = keyOf(each);
    groups.set(key, addSum(groups.get(key) ?? noSum(), each.sum));
  }
  return groups;
}

function localDate(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(at);
}
