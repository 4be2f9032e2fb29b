/**
 * store: everything the daemon remembers, in one SQLite file. One writer, one transaction a tick:
 * deltas and the counter positions they were made from are committed together or not at all.
 *
 * One rule places every row: it belongs to the period that its interval ends in, whole, `since` excluded
 * and `until` included, however long the interval is. Rolled up, a row goes into the bucket its interval
 * ends in; the bucket's interval is widened to reach back to the earliest start of what it was made of.
 */
import type { Budget } from '../../src/budget/budget.js';
import type { Build } from '../../src/builds/types.js';
import type { KeptEstimate } from '../../src/estimate/tie.js';
import type { KnownLink } from '../../src/links/known-link.js';
import type { CounterPosition, Owner, OwnerKind, TrafficRow } from '../../src/metering/types.js';
import type { LinkRow, Move, PeriodRemote, RemoteUsage, UsageRow } from '../../src/metering/usage.js';
import type { AddedProxy, ProxyPackage } from '../../src/proxies/types.js';
import type { ProxyOwner } from '../../src/proxies/usage.js';
import type { AddressName, Imported, ImportPart } from '../../src/records/import.js';
import type { Records } from '../../src/savings/step-run.js';
import type { CacheFill, StepRun } from '../../src/savings/types.js';
import type { EpochMs, Interval } from '../../src/units.js';
import type { NewEstimate } from './estimates.js';
import type { DefaultLink, LinkSum } from './link-tables.js';
import type { FollowedPiece, LogPosition } from './proxy-logs.js';
import type { ProxyTraffic } from './proxy-traffic.js';
import type { StoredWarning } from './warnings.js';

export type { LinkRow, Move, PeriodRemote, RemoteUsage, UsageRow };

/** What one tick writes. Figures are whole numbers and not negative; times are rounded to milliseconds. */
export interface TickBatch {
  interval: Interval;
  /** Names the run of the kernel and of the counters: boot id and the maps' generation. */
  epoch: string;
  rows: TrafficRow[];
  links: LinkRow[];
  /** Owners first seen or changed in this tick. A row's owner is in here or was in an earlier tick's. */
  owners: Owner[];
  /** Changed positions only. */
  positions: CounterPosition[];
  /** Keys whose counters were removed from the kernel. */
  forget: string[];
}

/** What opening the store found and did. */
export interface Opening {
  /** A new database was begun. */
  created: boolean;
  /** The schema it had, when it was migrated. */
  migratedFrom: number | undefined;
  /** The last writer did not close it; its integrity was checked. */
  unclean: boolean;
  /** A damaged database was moved out of the way, and what was wrong with it. */
  setAside: { path: string; because: string } | undefined;
}

export interface Store {
  readonly opened: Opening;

  /** Positions as last committed for this epoch; empty when the epoch is another one. */
  positions(epoch: string): Promise<CounterPosition[]>;
  /**
   * End of the last committed interval, to date what was counted while the daemon was down. After a crash
   * it may be up to ten seconds early when nothing had moved since, because empty ticks are not all written.
   */
  lastTickAt(): Promise<EpochMs | undefined>;
  /**
   * All of the batch or nothing of it. The first batch of another epoch drops the old epoch's positions.
   * Errors: `state-dir-full`, `database-locked`, `state-dir-unusable`, `database-damaged`: nothing was
   * written, keep the batch; `internal`: a row is malformed or its owner was never given.
   */
  commit(batch: TickBatch): Promise<void>;
  /**
   * Splits past rows between owners, to the byte: what a row loses, the others' row of the same interval,
   * link, class and remote gains. Idempotent by `id`: a second call with the same id changes nothing.
   * Errors: `internal` for shares of one row that exceed 1.
   */
  move(id: string, moves: Move[]): Promise<void>;
  saveOwner(owner: Owner): Promise<void>;
  owner(id: string): Promise<Owner | undefined>;

  saveBuild(build: Build): Promise<void>;
  /** Builds that started in (since, until], newest first. What was undefined when saved is absent. */
  builds(query: { limit?: number; since?: EpochMs; until?: EpochMs }): Promise<Build[]>;
  /** Errors: `ambiguous` when several refs begin like this and none is it. */
  build(refOrPrefix: string): Promise<Build | undefined>;

  /** Builds that have ended and of which no baselines were recorded yet, oldest first. */
  unrecordedBuilds(limit: number): Promise<Build[]>;
  /** What a build adds to the records, all of it or nothing, and that it was recorded. */
  saveRecords(ref: string, records: Records): Promise<void>;
  /** Of caches by BuildKit's record, and of all that go by these ids. */
  cacheFills(recordIds: string[], cacheIds: string[]): Promise<CacheFill[]>;
  /** From now on it is not known what is in caches, until they are empty again. */
  doubtCacheFills(): Promise<void>;
  /**
   * Runs of the lineages, and of those that some run was shown as, the newest cold and warm ones of each; and all of the
   * builds with these refs.
   */
  stepRuns(lineages: string[], refs: string[]): Promise<StepRun[]>;

  /** Sums per owner, class, link and tier of the rows whose interval ends in (since, until]. */
  usage(period: Interval, filter?: { ownerIds?: string[]; kinds?: OwnerKind[] }): Promise<UsageRow[]>;
  /** The same sums over all time, cheap for owners that are many or long gone. */
  totals(ownerIds: string[]): Promise<UsageRow[]>;
  /**
   * Over all time, per owner, most bytes first. Remotes are known as long as minutes are, a month: older
   * bytes come with an empty address.
   */
  remotes(ownerIds: string[]): Promise<RemoteUsage[]>;
  /** Of all owners, per remote and class, most bytes first; at most `limit` of them. */
  periodRemotes(period: Interval, limit: number): Promise<PeriodRemote[]>;
  /**
   * One sum per link; its interval is the period asked for. `txDropped` adds up the rows where it was known
   * and is undefined when it was known in none.
   */
  linkUsage(period: Interval): Promise<LinkRow[]>;
  /** Rows of one owner in a period, oldest first, as fine as they are still kept, to settle shares with. */
  ownerRows(ownerId: string, period: Interval): Promise<TrafficRow[]>;
  /**
   * Wan bytes per local day (`YYYY-MM-DD` in the time zone), the first and last cut to the period. Days
   * before the first and after the last recorded traffic or tick are left out: they are not known to be 0.
   * Errors: `usage` for an unknown time zone.
   */
  days(period: Interval, timeZone: string): Promise<{ date: string; usedBytes: number }[]>;

  /** What a build is expected to fetch; of the oldest, inputs and then all are dropped. */
  saveEstimate(estimate: NewEstimate): Promise<void>;
  /** Those made in (since, until], oldest first. */
  estimates(since: EpochMs, until: EpochMs): Promise<KeptEstimate[]>;
  /** All links that were ever judged or set, by name. */
  links(): Promise<KnownLink[]>;
  saveLink(link: KnownLink): Promise<void>;
  budgets(): Promise<Budget[]>;
  /** In place of the link's earlier one. */
  saveBudget(budget: Budget): Promise<void>;
  removeBudget(link: string): Promise<void>;
  /** What a link moved in each of the periods, as its driver counted, and what of it stayed on the link. */
  linkSums(link: string, periods: readonly Interval[]): Promise<LinkSum[]>;
  /** Since when a link has been counted; undefined when it never moved anything. */
  linkSince(link: string): Promise<EpochMs | undefined>;
  /** The links that the default route used, oldest first. */
  defaultLinks(): Promise<DefaultLink[]>;
  saveDefaultLink(entry: DefaultLink): Promise<void>;
  /** Warnings that hold, and those given since an instant, oldest first. */
  warnings(since: EpochMs): Promise<StoredWarning[]>;
  /** All of them or none. One of a known key replaces it. */
  raiseWarnings(warnings: readonly Omit<StoredWarning, 'seen' | 'holds'>[]): Promise<void>;
  endWarnings(keys: readonly string[]): Promise<void>;
  markWarningsSeen(until: EpochMs): Promise<void>;
  /** All of a part of an imported file or nothing of it. What is known already, by its digest, ref or key, stays. */
  importPart(part: ImportPart): Promise<Imported>;
  /** Names by which addresses were reached, each with when; remotes are answered with the last of them. */
  learnNames(names: readonly AddressName[]): Promise<void>;
  /** In the order of their names. */
  addedProxies(): Promise<AddedProxy[]>;
  /** Replaces the one of the same name. */
  addProxy(proxy: AddedProxy): Promise<void>;
  /** @returns false when there is none of that name */
  removeProxy(name: string): Promise<boolean>;
  /** From this moment on, these owners are these proxies, and no others are any. */
  setProxyOwners(owners: readonly { proxy: string; ownerId: string }[], at: EpochMs): Promise<void>;
  /** Which owners were which proxies, within the period. */
  proxyOwners(period: Interval): Promise<ProxyOwner[]>;
  /** All that went to proxies, and wan bytes of some owners, per period. */
  proxyTraffic(periods: readonly Interval[], ownerIds: readonly string[]): Promise<ProxyTraffic[]>;
  /** How far a proxy's log was read; undefined for one that never was. */
  logPosition(log: string): Promise<LogPosition | undefined>;
  /** Requests of a followed log and how far it is read then, all or nothing. Those that are known stay. */
  addFollowed(piece: FollowedPiece): Promise<void>;
  /** By the logs that were followed, per proxy those that served most. */
  proxyPackages(since: EpochMs): Promise<ProxyPackage[]>;

  setMeta(key: string, value: string): Promise<void>;
  meta(key: string): Promise<string | undefined>;
  /** Rolls old rows up and drops what is past its retention, in short transactions that let ticks through. */
  maintain(now: EpochMs): Promise<void>;
  /** Writes what is pending and marks the end as a clean one. */
  close(): Promise<void>;
}
