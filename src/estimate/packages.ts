/** What a step fetches, by the packages that its lock file names and those that earlier runs fetched together. */
import type { Bytes } from '../units.js';
import type { PastRun } from './past-runs.js';

/** Packages that one run fetched, all of them together. */
interface Fetched {
  packages: ReadonlySet<string>;
  bytes: Bytes;
  /** Nothing else can have put some of them into its cache before. */
  isSure: boolean;
}

export interface PackageCost {
  bytes: Bytes;
  lowBytes: Bytes;
  highBytes: Bytes;
  /** Of the packages that are not in the cache, as far as it is known. */
  newPackages: string[];
  /** What each of them costs was seen, and nothing else can be in the cache. */
  isCertain: boolean;
}

/** What a step is going to install, where. */
export interface Need {
  /** By its lock files; undefined when they are not known. */
  packages: ReadonlySet<string> | undefined;
  /** Cache mounts that something but the runs of this step filled, too. */
  shared: ReadonlySet<string>;
}

/** As in any two runs: packets sent twice, redirects, connections. */
const SPREAD = 0.03;
const NOISE: Bytes = 16_384;
/** Packages that were never seen, against the mean of those that were. */
const WORSE = 2;
/** Of the largest run: what may be fetched though every package is held. */
const THOUGH_HELD = 0.25;

/**
 * Undefined when it is not known what the step needs, or nothing was ever seen to be fetched for known packages.
 * @param runs newest first
 * @param records of its cache mounts that are not empty
 */
export function costByPackages(
  runs: readonly PastRun[],
  { packages: needed, shared }: Need,
  records: readonly string[],
): PackageCost | undefined {
  if (needed === undefined) return undefined;
  const seen = runs.flatMap((run) => fetchedBy(run, runs, shared) ?? []);
  const fetched = seen.filter(({ packages }) => packages.size > 0);
  if (fetched.length === 0) return undefined;
  const held = runs.filter((run) => run.mountRecords.some((record) => records.includes(record)));
  const missing = difference(needed, union(held));
  if (missing.size === 0) return nothingNew(seen, fetched);
  const { bytes, rest, parts, isSure } = cover(missing, fetched);
  const isShared = records.some((record) => shared.has(record));
  const isWhole = isSure && !isShared && (records.length === 0 || beganEmpty(held));
  const mean = sum(fetched) / fetched.reduce((count, { packages }) => count + packages.size, 0);
  const largest = Math.max(...fetched.map((each) => each.bytes));
  const unseen = rest.size === 0 ? 0 : Math.max(rest.size * mean * WORSE, largest);
  return {
    bytes: Math.round(bytes + rest.size * mean),
    lowBytes: isWhole ? Math.max(0, Math.round(bytes * (1 - SPREAD)) - NOISE * parts) : 0,
    highBytes: Math.round(bytes * (1 + SPREAD) + unseen) + NOISE * Math.max(1, parts),
    newPackages: [...missing],
    isCertain: isWhole && rest.size === 0,
  };
}

/** What a run fetched: what no run before it had put into its cache. Undefined where that is not known. */
function fetchedBy(run: PastRun, runs: readonly PastRun[], shared: ReadonlySet<string>): Fetched | undefined {
  const { packages, bytes } = run;
  if (packages === undefined || run.wasCold === undefined) return undefined;
  if (run.wasCold) return { packages, bytes, isSure: true };
  const before = runs.filter(
    (other) => other.at < run.at && other.mountRecords.some((record) => run.mountRecords.includes(record)),
  );
  if (!beganEmpty(before)) return undefined;
  const isSure = !run.mountRecords.some((record) => shared.has(record));
  return { packages: difference(packages, union(before)), bytes, isSure };
}

/** All that is in a cache that these runs used is known. */
function beganEmpty(runs: readonly PastRun[]): boolean {
  return runs.at(-1)?.wasCold === true && runs.every(({ packages }) => packages !== undefined);
}

function nothingNew(seen: readonly Fetched[], fetched: readonly Fetched[]): PackageCost {
  const same = seen.filter(({ packages }) => packages.size === 0).map(({ bytes }) => bytes);
  const largest = Math.max(...fetched.map(({ bytes }) => bytes));
  const high = same.length === 0 ? largest * THOUGH_HELD : Math.max(...same) * WORSE;
  return {
    bytes: same[0] ?? 0,
    lowBytes: 0,
    highBytes: Math.round(high) + NOISE,
    newPackages: [],
    isCertain: false,
  };
}

/** As many of the packages as earlier runs fetched with no others, the largest of those first. */
function cover(missing: ReadonlySet<string>, fetched: readonly Fetched[]) {
  const rest = new Set(missing);
  let bytes = 0;
  let parts = 0;
  let isSure = true;
  for (const each of fetched.toSorted((one, other) => other.packages.size - one.packages.size)) {
    if (![...each.packages].every((name) => rest.has(name))) continue;
    for (const name of each.packages) rest.delete(name);
    bytes += each.bytes;
    parts++;
    isSure &&= each.isSure;
  }
  return { bytes, rest, parts, isSure };
}

function union(runs: readonly PastRun[]): Set<string> {
  return new Set(runs.flatMap(({ packages }) => [...(packages ?? [])]));
}

function difference(from: ReadonlySet<string>, less: ReadonlySet<string>): Set<string> {
  return new Set([...from].filter((each) => !less.has(each)));
}

function sum(all: readonly Fetched[]): Bytes {
  return all.reduce((total, { bytes }) => total + bytes, 0);
}
