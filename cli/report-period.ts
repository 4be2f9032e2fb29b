import { NetmeterError } from '../src/errors.js';
import { weekAround, weekNamed } from '../src/time/week.js';

export interface PeriodOptions {
  since?: number;
  until?: number;
  /** `this`, `last` or a name such as `2026-W48`; `true` for `this`. */
  week?: string | true;
}

export interface ReportPeriod {
  since: number;
  /** Undefined: until now. */
  until: number | undefined;
}

const DEFAULT_MS = 7 * 86_400_000;

/** @throws NetmeterError `usage` for a period that is empty, named twice, or no week */
export function reportPeriod(options: PeriodOptions, now: number, timeZone: string): ReportPeriod {
  const { week, until } = options;
  if (week !== undefined) {
    if (options.since !== undefined) {
      throw new NetmeterError('usage', '--week says when the period begins, and so does --since');
    }
    return weekPeriod(week, until, now, timeZone);
  }
  const since = options.since ?? (until ?? now) - DEFAULT_MS;
  if (since > now) throw new NetmeterError('usage', '--since is in the future');
  if (until !== undefined && until <= since) throw new NetmeterError('usage', '--until is not after --since');
  return { since, until };
}

/** @param until cuts the week; where none is named, it is the week that this is in */
function weekPeriod(
  week: string | true,
  until: number | undefined,
  now: number,
  timeZone: string,
): ReportPeriod {
  const found =
    week === true || week === 'this'
      ? weekAround(until ?? now, timeZone, 0)
      : week === 'last'
        ? weekAround(now, timeZone, 1)
        : weekNamed(week, timeZone);
  if (found === undefined) {
    throw new NetmeterError('usage', `${JSON.stringify(week)} is no week`, {
      hint: 'Use this, last, or a year and its week by ISO 8601 such as 2026-W48.',
    });
  }
  if (found.from >= now) throw new NetmeterError('usage', `${week} has not begun yet`);
  const end = Math.min(found.to, until ?? found.to);
  if (end <= found.from) throw new NetmeterError('usage', `--until is before ${week}`);
  return { since: found.from, until: end > now ? undefined : end };
}
