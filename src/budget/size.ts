/** Amounts of data as plans are sold: GB is 1000³ bytes, as carriers count; GiB is 1024³. */
import { NetmeterError } from '../errors.js';
import { bytesOfUnit } from '../text/data-units.js';
import type { Bytes } from '../units.js';

const HINT = 'Amounts look like 5GB, 500MB or 1.5GiB: GB is 1000³ bytes, as carriers count, GiB is 1024³.';
/** More than anybody transfers in a cycle; above it, sums would no longer be exact. */
const MOST = 1e15;

/**
 * `5GB`, `500 MB`, `1.5GiB`; letters of either case.
 * @throws NetmeterError `usage` when it is no amount, is not more than nothing, or is more than 1000 TB
 */
export function parseSize(text: string): Bytes {
  const bytes = sizeOf(text);
  if (bytes === undefined) throw new NetmeterError('usage', `"${text}" is no amount of data`, { hint: HINT });
  if (bytes < 1) throw new NetmeterError('usage', `"${text}" is nothing at all`, { hint: HINT });
  return bytes;
}

/** As `parseSize`, for amounts of which there may be none: `0` is one. */
export function parseSizeOrNone(text: string): Bytes {
  return /^0+(\.0+)?\s*[a-z]*$/i.test(text.trim()) ? 0 : parseSize(text);
}

function sizeOf(text: string): Bytes | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]{2,3})$/i.exec(text.trim());
  const unit = bytesOfUnit(match?.[2] ?? '');
  if (match === null || unit === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unit);
  if (bytes <= MOST) return bytes;
  throw new NetmeterError('usage', `"${text}" is more than 1000 TB, the most that can be said`, {
    hint: HINT,
  });
}
