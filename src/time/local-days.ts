import { NetmeterError } from '../errors.js';
import type { EpochMs } from '../units.js';

/** A day by the clock on the wall: from its first instant (excluded) to the next day's (included). */
interface LocalDay {
  /** `YYYY-MM-DD`. */
  date: string;
  since: EpochMs;
  until: EpochMs;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Days are 23 to 25 hours long, and where a zone changed sides of the date line a date was skipped. */
const LONGEST_DAY = 50 * HOUR;

/** Days of one time zone. `at` gives the day that an instant ends in, `covering` all days of a period. */
export class LocalDays {
  readonly #format: Intl.DateTimeFormat;

  /**
   * @param timeZone IANA name, such as `Europe/Berlin`
   * @throws NetmeterError `usage` for an unknown one
   */
  constructor(timeZone: string) {
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone,
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
      });
    } catch (cause) {
      throw new NetmeterError('usage', `${JSON.stringify(timeZone)} is no time zone`, {
        hint: 'use a name such as Europe/Berlin or UTC',
        cause,
      });
    }
  }

  /** The day whose interval contains this instant: midnight itself still belongs to the day before. */
  at(instant: EpochMs): LocalDay {
    const within = instant - 1;
    const date = this.#date(within);
    const since = this.#firstInstant(within - LONGEST_DAY, within, (other) => other >= date);
    return { date, since, until: this.#end(since, date) };
  }

  /** The days that (since, until] touches, in order, whole. Empty for an empty period. */
  covering(since: EpochMs, until: EpochMs): LocalDay[] {
    const days: LocalDay[] = [];
    for (let start = since; start < until; start = days.at(-1)!.until) {
      const last = days.at(-1);
      if (last === undefined) {
        days.push(this.at(start + 1));
        continue;
      }
      const date = this.#date(start);
      days.push({ date, since: start, until: this.#end(start, date) });
    }
    return days;
  }

  #end(start: EpochMs, date: string): EpochMs {
    const usual = start + DAY;
    if (this.#date(usual) > date && this.#date(usual - 1) === date) return usual;
    return this.#firstInstant(start, start + LONGEST_DAY, (other) => other > date);
  }

  /** The first instant after `before` whose date is `wanted`, known to be so at `after`. */
  #firstInstant(before: EpochMs, after: EpochMs, wanted: (date: string) => boolean): EpochMs {
    let low = before;
    let high = after;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (wanted(this.#date(middle))) high = middle;
      else low = middle;
    }
    return high;
  }

  #date(instant: EpochMs): string {
    const parts = new Map(this.#format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
  }
}
