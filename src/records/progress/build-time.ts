/** Times of progress records, as epoch milliseconds with fractions. */
import type { EpochMs } from '../../units.js';

const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?\d*\s*(Z|[+-]\d{2}:?\d{2})?$/;

/** Undefined for what is no time, and for the year 1 that Go writes for a time that is not known. */
export function parseTime(text: unknown): EpochMs | undefined {
  if (typeof text !== 'string') return undefined;
  const parts = TIME.exec(text);
  if (parts === null) return undefined;
  const [, date, time, fraction = '', zone = 'Z'] = parts;
  const seconds = Date.parse(`${date}T${time}${zone}`);
  if (Number.isNaN(seconds) || seconds <= 0) return undefined;
  return seconds + Number(`0.${fraction || '0'}`) * 1000;
}

/** Seconds that a date can have, by ECMA-262. */
const MOST_SECONDS = 8.64e12;

/** google.protobuf.Timestamp. Undefined for what is none, and for times before 1970, such as Go's year 1. */
export function timestampOf(seconds: number, nanos: number): EpochMs | undefined {
  const isTime = seconds > 0 && seconds < MOST_SECONDS && nanos >= 0 && nanos < 1e9;
  return isTime ? seconds * 1000 + nanos / 1e6 : undefined;
}
