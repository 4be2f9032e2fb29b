import { NetmeterError } from '../errors.js';
import type { Cycle } from './cycle.js';
import { type LocalDate, parseDate } from './local-date.js';

/** What was typed, as it was typed. */
export interface CycleWords {
  /** `monthly`, `weekly`, `once`, or a number of days such as `30d`. */
  cycle?: string | undefined;
  /** Day of the month, or of the week. */
  day?: string | undefined;
  /** First date of a fixed cycle or of a package. */
  from?: string | undefined;
  /** Last date of a package. */
  expires?: string | undefined;
}

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
/** Ten years: what is longer is a mistake. */
const MOST_DAYS = 3660;

/**
 * @param today for what begins when nothing else is said
 * @throws NetmeterError `usage` for what is no cycle, or has words that do not belong to it
 */
export function parseCycle(words: CycleWords, today: LocalDate): Cycle {
  const { cycle = 'monthly', day, from, expires } = words;
  const fixed = /^(\d{1,6})d$/.exec(cycle);
  if (fixed !== null) {
    refuse(cycle, { '--day': day, '--expires': expires });
    return {
      kind: 'fixed',
      days: wholeNumber('a cycle of days', fixed[1]!, MOST_DAYS),
      from: dateOr(from, today),
    };
  }
  switch (cycle) {
    case 'monthly':
      refuse(cycle, { '--from': from, '--expires': expires });
      return { kind: 'monthly', day: wholeNumber('--day of a month', day ?? '1', 31) };
    case 'weekly':
      refuse(cycle, { '--from': from, '--expires': expires });
      return { kind: 'weekly', weekday: weekday(day ?? 'monday') };
    case 'once':
      refuse(cycle, { '--day': day });
      return once(dateOr(from, today), expires, today);
    default:
      throw new NetmeterError('usage', `there is no cycle "${cycle}"`, {
        hint: 'Use monthly, weekly, once, or a number of days such as 30d.',
      });
  }
}

function once(from: LocalDate, expires: string | undefined, today: LocalDate): Cycle {
  if (expires === undefined) {
    throw new NetmeterError('usage', 'a budget for once needs --expires, its last date');
  }
  const last = parseDate(expires);
  if (last < from)
    throw new NetmeterError('usage', `it would expire on ${last}, before it begins on ${from}`);
  if (last < today) throw new NetmeterError('usage', `it expired on ${last}, and today is ${today}`);
  return { kind: 'once', from, expires: last };
}

function dateOr(text: string | undefined, otherwise: LocalDate): LocalDate {
  return text === undefined ? otherwise : parseDate(text);
}

function weekday(text: string): number {
  const named = WEEKDAYS.findIndex(
    (name) => name === text.toLowerCase() || name.slice(0, 3) === text.toLowerCase(),
  );
  return named >= 0 ? named + 1 : wholeNumber('--day of a week', text, 7);
}

function wholeNumber(what: string, text: string, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= most) return value;
  throw new NetmeterError('usage', `${what} is 1 to ${most}, not "${text}"`);
}

function refuse(cycle: string, options: Record<string, string | undefined>): void {
  const [wrong] = Object.entries(options).find(([, value]) => value !== undefined) ?? [];
  if (wrong === undefined) return;
  throw new NetmeterError('usage', `${wrong} does not belong to the cycle "${cycle}"`);
}
