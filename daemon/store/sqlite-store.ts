import type { Budget } from '../../src/budget/budget.js';
import type { Build } from '../../src/builds/types.js';
import { NetmeterError } from '../../src/errors.js';
import type { KeptEstimate } from '../../src/estimate/tie.js';
import type { KnownLink } from '../../src/links/known-link.js';
import type { CounterPosition, Owner, TrafficRow } from '../../src/metering/types.js';
import type { LinkRow, Move, PeriodRemote, RemoteUsage, UsageRow } from '../../src/metering/usage.js';
import type { AddedProxy, ProxyPackage } from '../../src/proxies/types.js';
import type { ProxyOwner } from '../../src/proxies/usage.js';
import type { AddressName, Imported, ImportPart } from '../../src/records/import.js';
import type { Records } from '../../src/savings/step-run.js';
import type { CacheFill, StepRun } from '../../src/savings/types.js';
import type { LocalDays } from '../../src/time/local-days.js';
import type { EpochMs, Interval } from '../../src/units.js';
import { type BuildQuery, findBuild, listBuilds, saveBuild } from './builds.js';
import type { Connection } from './connection.js';
import { type DayUsage, usagePerDay } from './days.js';
import { listEstimates, type NewEstimate, saveEstimate } from './estimates.js';
import { addNames, importPart } from './imports.js';
import {
  type DefaultLink,
  type LinkSum,
  linkSince,
  linkSums,
  listBudgets,
  listDefaultLinks,
  listLinks,
  removeBudget,
  saveBudget,
  saveDefaultLink,
  saveLink,
} from './link-tables.js';
import { maintain } from './maintain.js';
import { move } from './moves.js';
import { storedRows } from './owner-rows.js';
import { findOwner, saveOwner } from './owners.js';
import { addedProxies, addProxy, proxyOwners, removeProxy, setProxyOwners } from './proxies.js';
import {
  addFollowed,
  type FollowedPiece,
  type LogPosition,
  logPosition,
  proxyPackages,
} from './proxy-logs.js';
import { type ProxyTraffic, proxyTraffic } from './proxy-traffic.js';
import { cacheFills, doubtCacheFills, saveRecords, stepRuns, unrecordedBuilds } from './savings.js';
import type { Ticks } from './ticks.js';
import type { Opening, Store, TickBatch } from './types.js';
import { linkUsage, periodRemotes, remotes, totals, type UsageFilter, usage } from './usage.js';
import {
  endWarnings,
  listWarnings,
  markWarningsSeen,
  raiseWarnings,
  type StoredWarning,
} from './warnings.js';
import type { Writer } from './writer.js';

interface StoreParts {
  opened: Opening;
  /** Reads what is committed, whatever the writer is doing. */
  reader: Connection;
  /** Undefined in a store that is only read. */
  writing: Writing | undefined;
  now: () => EpochMs;
}

interface Writing {
  writer: Writer;
  ticks: Ticks;
  /** By which hours become days. */
  days: () => LocalDays;
  /** Gives up the lock. */
  release: () => void;
}

/** The store over an opened database: each method is one query or one queued transaction. */
export class SqliteStore implements Store {
  readonly opened: Opening;
  readonly #reader: Connection;
  readonly #writable: Writing | undefined;
  readonly #now: () => EpochMs;
  #maintaining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor({ opened, reader, writing, now }: StoreParts) {
    this.opened = opened;
    this.#reader = reader;
    this.#writable = writing;
    this.#now = now;
  }

  positions(epoch: string): Promise<CounterPosition[]> {
    return this.#reader.all<CounterPosition>(
      'SELECT key, bytes, packets FROM positions WHERE (SELECT epoch FROM state) = ? ORDER BY id',
      epoch,
    );
  }

  async lastTickAt(): Promise<EpochMs | undefined> {
    if (this.#writable !== undefined) return this.#writable.ticks.lastTickAt;
    const row = await this.#reader.get<{ at: number | null }>('SELECT last_tick_at AS at FROM state');
    return row?.at ?? undefined;
  }

  async commit(batch: TickBatch): Promise<void> {
    await this.#writing().ticks.commit(batch);
  }

  async move(id: string, moves: Move[]): Promise<void> {
    const now = this.#now();
    await this.#writing().writer.transaction((connection) => move(connection, id, moves, now));
  }

  async saveOwner(owner: Owner): Promise<void> {
    await this.#writing().writer.exclusive((connection) => saveOwner(connection, owner));
  }

  owner(id: string): Promise<Owner | undefined> {
    return findOwner(this.#reader, id);
  }

  async saveBuild(build: Build): Promise<void> {
    await this.#writing().writer.exclusive((connection) => saveBuild(connection, build));
  }

  builds(query: BuildQuery): Promise<Build[]> {
    return listBuilds(this.#reader, query);
  }

  build(refOrPrefix: string): Promise<Build | undefined> {
    return findBuild(this.#reader, refOrPrefix);
  }

  unrecordedBuilds(limit: number): Promise<Build[]> {
    return unrecordedBuilds(this.#reader, limit);
  }

  async saveRecords(ref: string, records: Records): Promise<void> {
    await this.#writing().writer.transaction((connection) => saveRecords(connection, ref, records));
  }

  cacheFills(recordIds: string[], cacheIds: string[]): Promise<CacheFill[]> {
    return cacheFills(this.#reader, recordIds, cacheIds);
  }

  async doubtCacheFills(): Promise<void> {
    await this.#writing().writer.exclusive((connection) => doubtCacheFills(connection));
  }

  stepRuns(lineages: string[], refs: string[]): Promise<StepRun[]> {
    return stepRuns(this.#reader, lineages, refs);
  }

  usage(period: Interval, filter?: UsageFilter): Promise<UsageRow[]> {
    return usage(this.#reader, period, filter);
  }

  totals(ownerIds: string[]): Promise<UsageRow[]> {
    return totals(this.#reader, ownerIds);
  }

  remotes(ownerIds: string[]): Promise<RemoteUsage[]> {
    return remotes(this.#reader, ownerIds);
  }

  periodRemotes(period: Interval, limit: number): Promise<PeriodRemote[]> {
    return periodRemotes(this.#reader, period, limit);
  }

  linkUsage(period: Interval): Promise<LinkRow[]> {
    return linkUsage(this.#reader, period);
  }

  async ownerRows(ownerId: string, period: Interval): Promise<TrafficRow[]> {
    const rows = await storedRows(this.#reader, ownerId, period);
    return rows.map(({ row }) => row);
  }

  days(period: Interval, timeZone: string): Promise<DayUsage[]> {
    return usagePerDay(this.#reader, period, timeZone);
  }

  async saveEstimate(estimate: NewEstimate): Promise<void> {
    await this.#writing().writer.transaction((connection) => saveEstimate(connection, estimate));
  }

  estimates(since: EpochMs, until: EpochMs): Promise<KeptEstimate[]> {
    return listEstimates(this.#reader, since, until);
  }

  links(): Promise<KnownLink[]> {
    return listLinks(this.#reader);
  }

  async saveLink(link: KnownLink): Promise<void> {
    await this.#writing().writer.exclusive((connection) => saveLink(connection, link));
  }

  budgets(): Promise<Budget[]> {
    return listBudgets(this.#reader);
  }

  async saveBudget(budget: Budget): Promise<void> {
    await this.#writing().writer.exclusive((connection) => saveBudget(connection, budget));
  }

  async removeBudget(link: string): Promise<void> {
    await this.#writing().writer.exclusive((connection) => removeBudget(connection, link));
  }

  linkSums(link: string, periods: readonly Interval[]): Promise<LinkSum[]> {
    return linkSums(this.#reader, link, periods);
  }

  linkSince(link: string): Promise<EpochMs | undefined> {
    return linkSince(this.#reader, link);
  }

  defaultLinks(): Promise<DefaultLink[]> {
    return listDefaultLinks(this.#reader);
  }

  async saveDefaultLink(entry: DefaultLink): Promise<void> {
    await this.#writing().writer.exclusive((connection) => saveDefaultLink(connection, entry));
  }

  warnings(since: EpochMs): Promise<StoredWarning[]> {
    return listWarnings(this.#reader, since);
  }

  async raiseWarnings(warnings: readonly Omit<StoredWarning, 'seen' | 'holds'>[]): Promise<void> {
    await this.#writing().writer.exclusive((connection) => raiseWarnings(connection, warnings));
  }

  async endWarnings(keys: readonly string[]): Promise<void> {
    await this.#writing().writer.exclusive((connection) => endWarnings(connection, keys));
  }

  async markWarningsSeen(until: EpochMs): Promise<void> {
    await this.#writing().writer.exclusive((connection) => markWarningsSeen(connection, until));
  }

  async importPart(part: ImportPart): Promise<Imported> {
    const now = this.#now();
    return this.#writing().writer.transaction((connection) => importPart(connection, part, now));
  }

  async learnNames(names: readonly AddressName[]): Promise<void> {
    await this.#writing().writer.exclusive((connection) => addNames(connection, names));
  }

  addedProxies(): Promise<AddedProxy[]> {
    return addedProxies(this.#reader);
  }

  async addProxy(proxy: AddedProxy): Promise<void> {
    const now = this.#now();
    await this.#writing().writer.exclusive((connection) => addProxy(connection, proxy, now));
  }

  removeProxy(name: string): Promise<boolean> {
    return this.#writing().writer.exclusive((connection) => removeProxy(connection, name));
  }

  async setProxyOwners(owners: readonly { proxy: string; ownerId: string }[], at: EpochMs): Promise<void> {
    await this.#writing().writer.transaction((connection) => setProxyOwners(connection, owners, at));
  }

  proxyOwners(period: Interval): Promise<ProxyOwner[]> {
    return proxyOwners(this.#reader, period);
  }

  proxyTraffic(periods: readonly Interval[], ownerIds: readonly string[]): Promise<ProxyTraffic[]> {
    return proxyTraffic(this.#reader, periods, ownerIds);
  }

  logPosition(log: string): Promise<LogPosition | undefined> {
    return logPosition(this.#reader, log);
  }

  async addFollowed(piece: FollowedPiece): Promise<void> {
    const now = this.#now();
    await this.#writing().writer.transaction((connection) => addFollowed(connection, piece, now));
  }

  proxyPackages(since: EpochMs): Promise<ProxyPackage[]> {
    return proxyPackages(this.#reader, since);
  }

  async setMeta(key: string, value: string): Promise<void> {
    await this.#writing().writer.exclusive((connection) =>
      connection.run(
        'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
        key,
        value,
      ),
    );
  }

  async meta(key: string): Promise<string | undefined> {
    const row = await this.#reader.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key);
    return row?.value;
  }

  async maintain(now: EpochMs): Promise<void> {
    const { writer, ticks, days } = this.#writing();
    this.#maintaining ??= maintain(writer, ticks.series, days, now).finally(() => {
      this.#maintaining = undefined;
    });
    await this.#maintaining;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#reader.close();
      await this.#writable?.writer.close((connection) => this.#markClean(connection));
    } finally {
      this.#writable?.release();
    }
  }

  /** A database found damaged, or that cannot be written, stays marked as open: the next opening checks it. */
  async #markClean(connection: Connection): Promise<void> {
    if (connection.damaged || this.#reader.damaged) return;
    try {
      await this.#writable?.ticks.flush(connection);
      await connection.run('UPDATE state SET open = 0');
    } catch (error) {
      if (error instanceof NetmeterError && error.code !== 'internal') return;
      throw error;
    }
  }

  #writing(): Writing {
    if (this.#writable !== undefined) return this.#writable;
    throw new NetmeterError('internal', `${this.#reader.path} was opened for reading only`);
  }
}
