import type {
  BuildShowDocument,
  BuildsDocument,
  RemotesDocument,
  ReportDocument,
  StatusDocument,
} from '../protocol/documents.js';
import type { Event, TickEvent } from '../protocol/messages.js';
import type { EpochMs, Milliseconds } from '../units.js';
import { cachesOf } from './caches.js';
import { LiveBuilds } from './live-builds.js';
import { LiveLinks } from './live-links.js';
import { groupsOf, LiveOwners } from './live-owners.js';
import type { Connection, LiveView, PeriodName, WarningView } from './types.js';

/** A daemon that says nothing for longer than this is late, whatever its tick is. */
const LEAST_PATIENCE: Milliseconds = 5000;
const MOST_WARNINGS = 100;

/** Everything that a live view knows. Changed in place; `view` gives values that stay as they are. */
export class LiveState {
  readonly #builds = new LiveBuilds();
  readonly #owners = new LiveOwners();
  readonly #links = new LiveLinks();
  #connection: Connection = { state: 'connecting' };
  #daemon: { version: string; startedAt: string; tickMs: Milliseconds } | undefined;
  #heardAt: EpochMs | undefined;
  /** End of the last sample, by the daemon's clock. */
  #sampledAt: EpochMs = 0;
  #period: PeriodName = 'today';
  #since: EpochMs | null = null;
  #status: StatusDocument | undefined;
  #unattributed: LiveView['unattributed'] = null;
  #remotes: RemotesDocument['remotes'] | null = null;
  #saved: LiveView['savedToday'] = null;
  #told: WarningView[] = [];

  connection(connection: Connection): void {
    this.#connection = connection;
  }

  get startedAt(): string | undefined {
    return this.#daemon?.startedAt;
  }

  /** Start of the billing cycle of the first link that has one. */
  get cycleStart(): string | undefined {
    return this.#status?.links.find(({ budget }) => budget !== null)?.budget?.cycleStart;
  }

  isKnown(ref: string): boolean {
    return this.#builds.isKnown(ref);
  }

  /** @returns `ended` when a build ended, so that what depends on it is asked for again */
  event(event: Event, now: EpochMs): 'ended' | 'moved' | undefined {
    this.#heardAt = now;
    switch (event.event) {
      case 'hello':
        this.#hello(event);
        return undefined;
      case 'tick':
        this.#tick(event.tick);
        return event.tick.owners.length > 0 || event.tick.links.length > 0 ? 'moved' : undefined;
      case 'build':
        return this.#builds.show(event, this.#sampledAt || now) ? 'ended' : 'moved';
      case 'warning':
        this.#told = [{ ...event.warning, hint: null }, ...this.#told].slice(0, MOST_WARNINGS);
        return undefined;
      case 'dropped':
        return 'moved';
    }
  }

  /** @param today the same answer's links are today's */
  status(document: StatusDocument, period: PeriodName, since: EpochMs, today: boolean): void {
    this.#period = period;
    this.#since = since;
    this.#status = document;
    this.#owners.answer(document.owners);
    const sum = document.reconciliation;
    this.#unattributed = sum && { bytes: sum.unattributedBytes, linkBytes: sum.linkBytes };
    if (today) this.today(document);
  }

  today(document: StatusDocument): void {
    this.#links.answerToday(document.links);
  }

  builds({ builds }: BuildsDocument): void {
    this.#builds.list(builds);
  }

  build(document: BuildShowDocument, now: EpochMs): void {
    this.#builds.show(document, this.#sampledAt || now);
  }

  remotes({ remotes }: RemotesDocument): void {
    this.#remotes = remotes;
  }

  report({ saved }: ReportDocument): void {
    this.#saved = saved;
  }

  view(now: EpochMs): LiveView {
    const at = this.#sampledAt;
    const owners = this.#owners.view(at);
    const builds = this.#builds.view(at);
    // Times of what runs stand still with the figures beside them.
    const staleFor = this.#staleFor(now);
    return {
      at: now - (staleFor ?? 0),
      connection: this.#connection,
      staleFor,
      daemonVersion: this.#daemon?.version ?? null,
      meterTier: this.#status?.tiers.meter ?? null,
      period: this.#period,
      since: this.#since,
      links: this.#links.view(at),
      builds,
      owners,
      groups: groupsOf(owners),
      unattributed: this.#unattributed,
      remotes: this.#remotes,
      caches: cachesOf(builds),
      warnings: this.#warnings(),
      savedToday: this.#saved,
    };
  }

  /** Another daemon, or the same one after a break: what is known of builds and rates is asked for again. */
  #hello({ daemonVersion, startedAt, tickMs }: Extract<Event, { event: 'hello' }>): void {
    this.#daemon = { version: daemonVersion, startedAt, tickMs };
    this.#connection = { state: 'live' };
    this.#builds.clear();
    this.#owners.clear();
    this.#links.clear();
    this.#told = [];
  }

  #tick(tick: TickEvent): void {
    const interval = { from: Date.parse(tick.from), to: Date.parse(tick.to) };
    this.#sampledAt = interval.to;
    this.#links.tick(tick, interval);
    this.#owners.tick(tick, interval);
    this.#builds.tick(tick, interval);
  }

  #staleFor(now: EpochMs): Milliseconds | undefined {
    if (this.#heardAt === undefined) return undefined;
    const quiet = now - this.#heardAt;
    const patience = Math.max(LEAST_PATIENCE, 3 * (this.#daemon?.tickMs ?? 0));
    return this.#connection.state !== 'live' || quiet > patience ? quiet : undefined;
  }

  /** What events told and what the last answer says, each once; then what does not work. */
  #warnings(): WarningView[] {
    const { warnings = [], sources = [], lost = {} } = this.#status ?? {};
    const answered = warnings.map(({ code, message, at }) => ({ code, message, at, hint: null }));
    const isNew = ({ code, message }: WarningView) =>
      !answered.some((other) => other.code === code && other.message === message);
    const failing = sources
      .filter(({ ok }) => !ok)
      .map(({ name, because, code, hint }) => ({
        code: code ?? 'source',
        message: `${name} does not work: ${because ?? 'no reason known'}`,
        hint,
        at: null,
      }));
    const losses = Object.entries(lost)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => ({ code: 'lost', message: `${name}: ${count}`, hint: null, at: null }));
    return [...this.#told.filter(isNew), ...answered, ...failing, ...losses];
  }
}
