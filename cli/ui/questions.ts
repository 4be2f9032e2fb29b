import type { LiveState } from '../../src/live/state.js';
import type { PeriodName } from '../../src/live/types.js';
import type { LiveConnection } from '../client/live-connection.js';
import { periodStart } from './period-start.js';

export interface QuestionsOptions {
  state: LiveState;
  now(): number;
  timeZone: string;
  /** The state has an answer more. */
  onAnswer(): void;
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

/** Totals between answers are made from samples; an answer sets right what was settled meanwhile. */
const ASK_MS = 5000;
/** The first answer is of a moment in which the samples under way are not all counted yet. */
const SECOND_ASK_MS = 1500;
/** What builds saved changes when one ends. */
const REPORT_MS = 60_000;
const BUILDS = 10;

/** Asks one daemon, as long as it is connected, for what events do not tell; nothing while nothing moves. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #live: LiveConnection;
  #wishes: Wishes;
  /** Something moved since the last answer, or a build ended. */
  #moved = true;
  #ended = true;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #asking = false;
  #askAgain = false;
  #timers: NodeJS.Timeout[] = [];

  constructor(live: LiveConnection, wishes: Wishes, options: QuestionsOptions) {
    this.#live = live;
    this.#wishes = wishes;
    this.#options = options;
  }

  start(): void {
    const ask = () => void this.ask();
    this.#timers = [setTimeout(ask, SECOND_ASK_MS), setInterval(ask, ASK_MS)];
    ask();
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  want(wishes: Wishes): void {
    this.#wishes = wishes;
    this.#moved = true;
    void this.ask();
  }

  /** Asked about with the next question. */
  moved(): void {
    this.#moved = true;
  }

  /** A build ended, or events were missed: asked about at once. */
  ended(): void {
    this.#ended = true;
    void this.ask();
  }

  /** Questions that come while others are under way wait for them. */
  async ask(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    if (!this.#moved && !this.#ended) return;
    this.#asking = true;
    try {
      await this.#askAll();
    } catch {
      // The connection is gone, which its end tells; or the daemon cannot answer now, and is asked again.
      this.#moved = true;
    } finally {
      this.#asking = false;
    }
    this.#options.onAnswer();
    if (!this.#askAgain) return;
    this.#askAgain = false;
    await this.ask();
  }

  async #askAll(): Promise<void> {
    const { state, now, timeZone } = this.#options;
    const live = this.#live;
    const { period, remotes, warnings, refs } = this.#wishes;
    const ended = this.#ended;
    this.#moved = false;
    this.#ended = false;
    const today = periodStart('today', now(), state);
    const since = periodStart(period, now(), state);
    if (ended) state.builds(await live.ask('builds', { limit: BUILDS }));
    const status = await live.ask('status', { since });
    state.status(status, period, since, period === 'today');
    if (warnings && status.warnings.some(({ seen }) => !seen)) {
      await live.ask('warnings-seen', { until: now() });
    }
    if (period !== 'today') state.today(await live.ask('status', { since: today }));
    for (const ref of refs) {
      if (!state.isKnown(ref)) state.build(await live.ask('build', { ref }), now());
    }
    if (remotes) state.remotes(await live.ask('remotes', { since }));
    if (!ended && now() - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now();
    state.report(await live.ask('report', { since: today, timeZone }));
  }
}
