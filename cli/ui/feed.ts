import { setTimeout as sleep } from 'node:timers/promises';
import { NetmeterError } from '../../src/errors.js';
import { LiveState } from '../../src/live/state.js';
import type { LiveView, PeriodName } from '../../src/live/types.js';
import { type Event, PROTOCOL_VERSION } from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import { connectLive, type LiveConnection } from '../client/live-connection.js';
import { periodStart } from './period-start.js';

export interface FeedOptions {
  places: readonly Place[];
  now(): number;
  timeZone: string;
  signal: AbortSignal;
}

/** What the screen shows, and so what is asked for. */
export interface Wishes {
  period: PeriodName;
  remotes: boolean;
  /** Warnings are on the screen: somebody has seen them. */
  warnings: boolean;
  /** Builds whose steps are to be shown. */
  refs: readonly string[];
}

const RETRY_MS = 1000;
/** Totals between answers are made from samples; an answer sets right what was settled meanwhile. */
const ASK_MS = 5000;
/** What builds saved changes when one ends. */
const REPORT_MS = 60_000;
/** The first answer is of a moment in which the samples under way are not all counted yet. */
const SECOND_ASK_MS = 1500;
const BUILDS = 10;

/** Keeps a LiveState up to date: events as they come, and answers where events do not tell enough. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #state = new LiveState();
  readonly #listeners = new Set<() => void>();
  #wishes: Wishes = { period: 'today', remotes: false, warnings: false, refs: [] };
  #live: LiveConnection | undefined;
  #wasLive = false;
  #goneSince: number | undefined;
  /** Something moved since the last answer. */
  #moved = true;
  #ended = true;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #asking = false;
  #askAgain = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  view(): LiveView {
    return this.#state.view(this.#options.now());
  }

  /** Called whenever something is new. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  want(wishes: Wishes): void {
    this.#wishes = wishes;
    this.#moved = true;
    void this.#ask();
  }

  /**
   * Connects, and waits for a daemon that is not there or goes away, until `signal` is aborted.
   * @throws NetmeterError for what waiting does not help against: another protocol, no permission
   */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        this.#wait(error);
      }
      this.#told();
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #follow(): Promise<void> {
    const { places, signal, now } = this.#options;
    // A daemon greets before it is asked anything, in its own protocol: of another one nothing is read.
    const other: { error?: NetmeterError; close?: () => void } = {};
    const live = await connectLive(places, (event) => {
      if (event.version === PROTOCOL_VERSION) {
        this.#onEvent(event);
        return;
      }
      other.error = otherProtocol(event);
      other.close?.();
    });
    other.close = () => live.close();
    const close = () => live.close();
    signal.addEventListener('abort', close, { once: true });
    const timer = setInterval(() => void this.#ask(), ASK_MS);
    const second = setTimeout(() => void this.#ask(), SECOND_ASK_MS);
    try {
      if (other.error !== undefined) throw other.error;
      await live.ask('subscribe', {});
      this.#live = live;
      this.#wasLive = true;
      this.#goneSince = undefined;
      this.#moved = true;
      this.#ended = true;
      await this.#ask();
      await live.closed;
    } catch (error) {
      throw other.error ?? error;
    } finally {
      clearInterval(timer);
      clearTimeout(second);
      signal.removeEventListener('abort', close);
      this.#live = undefined;
      live.close();
    }
    if (other.error !== undefined) throw other.error;
    this.#goneSince = now();
    throw new NetmeterError('daemon-not-running', 'the daemon is gone', { hint: 'sudo netmeter start' });
  }

  #wait(error: unknown): void {
    const { now, signal } = this.#options;
    if (signal.aborted) return;
    const isGone = error instanceof NetmeterError && error.code === 'daemon-not-running';
    // A daemon that starts anew makes its socket first and lets others in afterwards.
    const comesBack = this.#wasLive && error instanceof NetmeterError && error.code === 'permission-denied';
    if (!isGone && !comesBack) throw error;
    this.#goneSince ??= now();
    const { message: because, hint } = error;
    this.#state.connection({
      state: 'waiting',
      because,
      hint,
      before: this.#wasLive,
      since: this.#goneSince,
    });
  }

  #onEvent(event: Event): void {
    const news = this.#state.event(event, this.#options.now());
    if (news !== undefined) this.#moved = true;
    if (news === 'ended' || event.event === 'dropped') {
      this.#ended = true;
      void this.#ask();
    }
    this.#told();
  }

  /** Asks for what changed. Questions that come while others are under way wait for them. */
  async #ask(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    const live = this.#live;
    if (live === undefined || (!this.#moved && !this.#ended)) return;
    this.#asking = true;
    try {
      await this.#askAll(live);
    } catch {
      // The connection is gone, which its end tells; or the daemon cannot answer now, and is asked again.
      this.#moved = true;
    } finally {
      this.#asking = false;
    }
    this.#told();
    if (!this.#askAgain) return;
    this.#askAgain = false;
    await this.#ask();
  }

  async #askAll(live: LiveConnection): Promise<void> {
    const { now, timeZone } = this.#options;
    const { period, remotes, warnings, refs } = this.#wishes;
    const ended = this.#ended;
    this.#moved = false;
    this.#ended = false;
    const today = periodStart('today', now(), this.#state);
    const since = periodStart(period, now(), this.#state);
    if (ended) this.#state.builds(await live.ask('builds', { limit: BUILDS }));
    const status = await live.ask('status', { since });
    this.#state.status(status, period, since, period === 'today');
    if (warnings && status.warnings.some(({ seen }) => !seen)) {
      await live.ask('warnings-seen', { until: now() });
    }
    if (period !== 'today') this.#state.today(await live.ask('status', { since: today }));
    for (const ref of refs) {
      if (!this.#state.isKnown(ref)) this.#state.build(await live.ask('build', { ref }), now());
    }
    if (remotes) this.#state.remotes(await live.ask('remotes', { since }));
    if (!ended && now() - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now();
    this.#state.report(await live.ask('report', { since: today, timeZone }));
  }

  #told(): void {
    for (const listener of this.#listeners) listener();
  }
}

function otherProtocol(event: Event): NetmeterError {
  const daemon = event.event === 'hello' ? ` (netmeter ${event.daemonVersion})` : '';
  return new NetmeterError(
    'protocol-mismatch',
    `this client speaks protocol ${PROTOCOL_VERSION}, the running daemon${daemon} speaks ${event.version}`,
    { hint: 'The daemon is of another version: netmeter stop && netmeter start' },
  );
}
