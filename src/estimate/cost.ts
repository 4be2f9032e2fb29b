/** What a step will fetch when it runs, from what it fetched before. */
import type { Basis } from '../protocol/documents.js';
import type { Bytes } from '../units.js';
import { costByPackages, type Need, type PackageCost } from './packages.js';
import type { KnownCold, PastRun } from './past-runs.js';
import type { MountState } from './warmth.js';

export interface Cost {
  bytes: Bytes | undefined;
  lowBytes: Bytes | undefined;
  highBytes: Bytes | undefined;
  basis: Basis;
  /** What it rests on. */
  because: string;
}

/** Two runs under the same conditions differ by packets sent twice, redirects, connections. */
const SPREAD = 0.03;
const NOISE: Bytes = 16_384;
/** Other inputs may cost much more than all that were seen. */
const WORSE = 2;
const MOST_NAMED = 5;

/** What it costs cold, as far as a cold run was seen. */
export function coldCost(runs: readonly PastRun[], ledger: KnownCold | undefined): Bytes | undefined {
  const cold = runs.filter((run) => run.wasCold === true);
  const same = cold.find((run) => run.hadSameInputs)?.bytes;
  return same ?? (ledger?.hasSameInputs ? ledger.cost.bytes : (cold[0]?.bytes ?? ledger?.cost.bytes));
}

/** @param ledger what the savings ledger says of its cold cost, where no cold run was seen */
export function costOf(
  runs: readonly PastRun[],
  { warmth, records }: Pick<MountState, 'warmth' | 'records'>,
  ledger: KnownCold | undefined,
  need: Need,
): Cost {
  if (warmth === 'unknown') return either(runs);
  const all = costByPackages(runs, need, []);
  if (warmth === 'none' || warmth === 'empty') return coldly(runs, ledger, all);
  const isOwn = runs.some((run) => run.mountRecords.some((record) => records.includes(record)));
  return isOwn || runs.length === 0
    ? warmly(runs, ledger, costByPackages(runs, need, records))
    : filledByOthers(runs, ledger, all);
}

function coldly(
  runs: readonly PastRun[],
  ledger: KnownCold | undefined,
  byPackages: PackageCost | undefined,
): Cost {
  const cold = runs.filter((run) => run.wasCold === true);
  const same = cold.filter((run) => run.hadSameInputs);
  if (same[0] !== undefined) return measured(same, same[0], 'what it took with the same files in build');
  if (ledger?.hasSameInputs && ledger.cost.basis !== 'measured') return derived(ledger.cost);
  if (byPackages !== undefined) return ofPackages(byPackages, 'its lock files name');
  const all = cold.map((run) => run.bytes);
  if (cold[0] !== undefined) {
    return {
      bytes: cold[0].bytes,
      lowBytes: 0,
      highBytes: Math.round(Math.max(...all) * WORSE),
      basis: 'estimated',
      because: `what it took cold with other files in build ${cold[0].ref.slice(0, 12)}`,
    };
  }
  if (ledger !== undefined) return { ...derived(ledger.cost), lowBytes: 0, basis: 'estimated' };
  const warm = runs.map((run) => run.bytes);
  if (warm.length === 0) return nothingKnown();
  return {
    bytes: undefined,
    lowBytes: Math.min(...warm),
    highBytes: undefined,
    basis: 'unknown',
    because: 'it never ran cold; with a filled cache it took at least the lower figure',
  };
}

function derived({ bytes, lowBytes, highBytes, basis }: KnownCold['cost']): Cost {
  const because = 'what it would have cost with an empty cache, by what it took since that was filled';
  return { bytes, lowBytes, highBytes: highBytes + NOISE, basis, because };
}

function warmly(
  runs: readonly PastRun[],
  ledger: KnownCold | undefined,
  byPackages: PackageCost | undefined,
): Cost {
  const cold = coldCost(runs, ledger);
  const warm = runs.filter((run) => run.wasCold === false);
  const same = warm.filter((run) => run.hadSameInputs);
  const again = same.filter((run) => runs.some((first) => filledBefore(first, run)));
  if (again[0] !== undefined) {
    return measured(again, again[0], 'what it took with the same files and a filled cache in build');
  }
  if (byPackages !== undefined) return ofPackages(byPackages, 'no build put into the cache yet:');
  const highest = Math.max(cold ?? 0, ledger?.cost.highBytes ?? 0, ...warm.map((run) => run.bytes));
  const high = cold === undefined && warm.length === 0 ? undefined : Math.round(highest * WORSE) + NOISE;
  const knowsInputs = runs.some((run) => run.hadSameInputs);
  if (knowsInputs) {
    const typical = same[0]?.bytes ?? 0;
    const because = 'it ran with the same files before, and its cache mount should hold what it needs';
    return {
      bytes: typical,
      lowBytes: 0,
      highBytes: Math.max(highest, typical) + NOISE,
      basis: 'estimated',
      because,
    };
  }
  if (high === undefined) return nothingKnown();
  // Runs that fetched nothing had what they needed: no package was new to them.
  const fetching = warm.map((run) => run.bytes).filter((bytes) => bytes > NOISE);
  const changed = median(fetching) ?? Math.round((cold ?? 0) / 2);
  const because =
    fetching.length > 0
      ? 'what it usually takes with other files and a filled cache'
      : 'half of what it took with an empty cache: how much of it changed is not known';
  return { bytes: changed, lowBytes: 0, highBytes: high, basis: 'estimated', because };
}

/** The cache is another one than any run of this step had. */
function filledByOthers(
  runs: readonly PastRun[],
  ledger: KnownCold | undefined,
  byPackages: PackageCost | undefined,
): Cost {
  const cold = byPackages?.bytes ?? coldCost(runs, ledger) ?? Math.max(...runs.map((run) => run.bytes));
  const highest = Math.max(cold, ledger?.cost.highBytes ?? 0, ...runs.map((run) => run.bytes));
  const highBytes = byPackages?.highBytes ?? Math.round(highest * WORSE) + NOISE;
  const because = 'something else filled that: how much of what this step needs is in there is not known';
  return { bytes: Math.round(cold / 2), lowBytes: 0, highBytes, basis: 'estimated', because };
}

function ofPackages(cost: PackageCost, which: string): Cost {
  const { bytes, lowBytes, highBytes, newPackages, isCertain } = cost;
  const named = newPackages.slice(0, MOST_NAMED).join(', ');
  const more = newPackages.length - MOST_NAMED;
  const because =
    newPackages.length === 0
      ? 'all packages that its lock files name were put into that cache before'
      : `packages that ${which} ${named}${more > 0 ? ` and ${more} more` : ''}`;
  return { bytes, lowBytes, highBytes, basis: isCertain ? 'derived' : 'estimated', because };
}

/** A run that had put into the cache what a later one needed: then that one shows what is fetched all the same. */
function filledBefore(first: PastRun, run: PastRun): boolean {
  if (!first.hadSameInputs || first.at >= run.at) return false;
  return first.mountRecords.some((record) => run.mountRecords.includes(record));
}

function either(runs: readonly PastRun[]): Cost {
  if (runs[0] === undefined) return nothingKnown();
  const highest = Math.max(...runs.map((run) => run.bytes));
  return {
    bytes: runs[0].bytes,
    lowBytes: 0,
    highBytes: Math.round(highest * WORSE) + NOISE,
    basis: 'estimated',
    because: `what it took in build ${runs[0].ref.slice(0, 12)}`,
  };
}

function measured(runs: readonly PastRun[], newest: PastRun, because: string): Cost {
  const bytes = runs.map((run) => run.bytes);
  return {
    bytes: newest.bytes,
    lowBytes: Math.max(0, Math.round(Math.min(...bytes) * (1 - SPREAD)) - NOISE),
    highBytes: Math.round(Math.max(...bytes) * (1 + SPREAD)) + NOISE,
    basis: 'measured',
    because: `${because} ${newest.ref.slice(0, 12)}`,
  };
}

function nothingKnown(): Cost {
  return {
    bytes: undefined,
    lowBytes: 0,
    highBytes: undefined,
    basis: 'unknown',
    because: 'no build that netmeter saw has run it',
  };
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
