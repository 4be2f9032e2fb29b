import type { Bytes, EpochMs } from '../units.js';
import type { LedgerSum } from './build-ledger.js';
import type { ProxyPeriod } from './types.js';

/** What a proxy fetched that nobody asked it for, and when. */
export interface ProxyOverhead {
  name: string;
  at: EpochMs;
  bytes: Bytes;
}

/**
 * What proxies fetched beyond what they delivered in each of these periods (prefetching, a second fetch for their own
 * store): no step's, but it crossed the link. Nothing is said of proxies whose fetching nobody counts.
 *
 * @param periods one after the other: those of builds, whose steps bear what was fetched for them, and those between
 */
export function proxyOverheads(periods: readonly ProxyPeriod[]): ProxyOverhead[] {
  return periods.flatMap(({ name, interval, deliveredBytes, fetchedBytes }) => {
    const bytes = (fetchedBytes ?? 0) - deliveredBytes;
    return bytes > 0 ? [{ name, at: interval.to, bytes }] : [];
  });
}

export function sumOfOverheads(overheads: readonly ProxyOverhead[]): Bytes {
  return overheads.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Takes it off what proxies saved, in place: the books balance as before. */
export function bearOverhead(sum: LedgerSum, bytes: Bytes): LedgerSum {
  sum.actualBytes += bytes;
  for (const key of ['bytes', 'headlineBytes', 'lowBytes', 'highBytes'] as const) sum[key] -= bytes;
  sum.byCause.proxy -= bytes;
  sum.byBasis.measured -= bytes;
  return sum;
}
