/** Option values from text. Each throws a NetmeterError with code `usage` that names the value. */
import { NetmeterError } from '../src/errors.js';

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;

/** `90s`, `2h`, `7d` in milliseconds. */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text);
  const unit = UNIT_MS[match?.[2] ?? ''];
  if (match === null || unit === undefined) {
    throw new NetmeterError('usage', `"${text}" is no duration`, {
      hint: 'Durations look like 500ms, 1s, 2h or 7d.',
    });
  }
  return Number(match[1]) * unit;
}

/** An ISO 8601 time, or an age such as `7d`, as epoch milliseconds. `now` is for tests. */
export function parseSince(text: string, now = Date.now()): number {
  const at = DURATION.test(text) ? now - parseDuration(text) : parseTime(text);
  // Also refuses ages that reach back before 1970: beyond some of them there are no dates at all.
  if (!(at >= 0)) {
    throw new NetmeterError('usage', `"${text}" is neither a time nor an age`, {
      hint: 'Use an ISO 8601 time such as 2026-11-24T09:00Z, or an age such as 2h or 7d.',
    });
  }
  return at;
}

/** NaN for what is no time, and for dates that no calendar has, which `Date` would take for later ones. */
function parseTime(text: string): number {
  const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0];
  const midnight = Date.parse(`${day}T00:00Z`);
  const isDay = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day ?? '');
  return isDay ? Date.parse(text) : Number.NaN;
}

/** A whole number of at least 1. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new NetmeterError('usage', `"${text}" is no whole number of at least 1`);
  }
  return Number(text);
}

/** One of the tiers that can be asked for. */
export function parseTier(text: string): string {
  if (['exact', 'header', 'polled'].includes(text)) return text;
  throw new NetmeterError('usage', `there is no tier "${text}"`, { hint: 'Use exact, header or polled.' });
}

/** A tick between 100 ms and 1 minute. */
export function parseTick(text: string): number {
  const tick = parseDuration(text);
  if (tick < 100 || tick > 60_000) {
    throw new NetmeterError('usage', `a tick of ${text} is out of range`, { hint: 'Between 100ms and 60s.' });
  }
  return tick;
}
