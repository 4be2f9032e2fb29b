import type { Bytes, EpochMs, Interval, Milliseconds, Transfer } from '../units.js';
import type { Rate } from './types.js';

const SECOND: Milliseconds = 1000;
/** A rate is over this long: shorter ones jump, since samples are taken once a second. */
const WINDOW: Milliseconds = 2 * SECOND;
/** Seconds that are kept for a sparkline. */
const KEPT = 120;

interface Sample extends Interval, Transfer {}

/** What moved lately, as bytes per second. */
export class RecentRate {
  #samples: Sample[] = [];

  /** @param interval in which the bytes moved; samples come in the order of time */
  add(interval: Interval, { rxBytes, txBytes }: Transfer): void {
    this.#samples.push({ ...interval, rxBytes, txBytes });
    const before = interval.to - 2 * WINDOW;
    while (this.#samples.length > 0 && this.#samples[0]!.to < before) this.#samples.shift();
  }

  /** @param at end of the last sample of all owners, so that one that moves nothing more goes down to 0 */
  rate(at: EpochMs): Rate {
    const rate = { rx: 0, tx: 0 };
    for (const { from, to, rxBytes, txBytes } of this.#samples) {
      const share = overlap({ from, to }, { from: at - WINDOW, to: at });
      rate.rx += (rxBytes * share * SECOND) / WINDOW;
      rate.tx += (txBytes * share * SECOND) / WINDOW;
    }
    return rate;
  }
}

/** Bytes per second, second by second. */
export class RateHistory {
  /** By the second that they moved in. */
  readonly #seconds = new Map<number, Bytes>();

  /** An interval of many seconds, as after a daemon's absence, is taken as even. */
  add({ from, to }: Interval, bytes: Bytes): void {
    const last = Math.ceil(to / SECOND) - 1;
    const first = Math.max(Math.floor(from / SECOND), last - KEPT);
    for (let second = first; second <= last; second++) {
      const share = overlap({ from, to }, { from: second * SECOND, to: (second + 1) * SECOND });
      if (share > 0) this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + bytes * share);
    }
    for (const second of this.#seconds.keys()) if (second < last - KEPT) this.#seconds.delete(second);
  }

  /** The last seconds that are over by then, the newest last. */
  last(count: number, at: EpochMs): number[] {
    const end = Math.floor(at / SECOND);
    return Array.from({ length: count }, (_, i) => Math.round(this.#seconds.get(end - count + i) ?? 0));
  }
}

/** The part of `interval` that lies in `window`, 0 to 1; an instant is in it whole or not at all. */
function overlap(interval: Interval, window: Interval): number {
  const length = interval.to - interval.from;
  if (length <= 0) return interval.to > window.from && interval.to <= window.to ? 1 : 0;
  const common = Math.min(interval.to, window.to) - Math.max(interval.from, window.from);
  return Math.max(0, common) / length;
}
