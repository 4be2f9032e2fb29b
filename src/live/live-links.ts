import type { StatusLink } from '../protocol/documents.js';
import type { TickEvent } from '../protocol/messages.js';
import { type Bytes, type EpochMs, type Interval, totalBytes } from '../units.js';
import { RateHistory, RecentRate } from './rates.js';
import type { LinkView } from './types.js';

/** Seconds that a sparkline may show. */
const HISTORY = 60;

interface LiveLink {
  facts: StatusLink | undefined;
  rate: RecentRate;
  history: RateHistory;
  /** What the daemon answered for today, and what came since. */
  today: Bytes | undefined;
  /** Since its budget was told. */
  sinceFacts: Bytes;
}

/** Links as the daemon's answers and samples tell of them. */
export class LiveLinks {
  readonly #links = new Map<string, LiveLink>();

  clear(): void {
    this.#links.clear();
  }

  /** An answer for today. Links that it does not name are gone. */
  answerToday(links: readonly StatusLink[]): void {
    for (const name of this.#links.keys()) {
      if (!links.some((link) => link.name === name)) this.#links.delete(name);
    }
    for (const link of links) {
      const live = this.#live(link.name);
      live.facts = link;
      live.today = totalBytes(link);
      live.sinceFacts = 0;
    }
  }

  tick(tick: TickEvent, interval: Interval): void {
    for (const link of tick.links) {
      const live = this.#live(link.name);
      live.rate.add(interval, link);
      live.history.add(interval, totalBytes(link));
      live.sinceFacts += totalBytes(link);
      if (live.today !== undefined) live.today += totalBytes(link);
    }
  }

  /** Those that carried something in the last minute first, of these the busiest of today. */
  view(at: EpochMs): LinkView[] {
    return [...this.#links]
      .map(([name, { facts, rate, history, today, sinceFacts }]) => ({
        name,
        metered: facts?.metered ?? null,
        because: facts?.meteredBecause ?? null,
        rate: rate.rate(at),
        history: history.last(HISTORY, at),
        todayBytes: today ?? null,
        budget: facts?.budget ? { ...facts.budget, usedBytes: facts.budget.usedBytes + sinceFacts } : null,
      }))
      .sort((a, b) => Number(isBusy(b)) - Number(isBusy(a)) || (b.todayBytes ?? 0) - (a.todayBytes ?? 0));
  }

  #live(name: string): LiveLink {
    let live = this.#links.get(name);
    if (live === undefined) {
      live = {
        facts: undefined,
        rate: new RecentRate(),
        history: new RateHistory(),
        today: undefined,
        sinceFacts: 0,
      };
      this.#links.set(name, live);
    }
    return live;
  }
}

function isBusy({ history }: LinkView): boolean {
  return history.some((bytes) => bytes > 0);
}
