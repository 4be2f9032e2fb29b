import type { Bytes, EpochMs } from '../units.js';
import { exactly } from './range.js';
import type { Actual, ProxyPeriod, Range } from './types.js';

/** What proxies fetched for a step, of what they gave it. */
export type FetchedFor = (proxies: Actual['proxies'], at: EpochMs) => Range & { isKnown: boolean };

/**
 * A proxy fetches in its own time and for all who ask it, so what it fetched for one step is that step's part
 * of what it fetched in the period. What it fetched beyond what it delivered (prefetching) is its overhead, no
 * step's. Where nobody counts what a proxy fetches, it may have been nothing or all: a range, its middle taken.
 */
export function fetchedFor(periods: readonly ProxyPeriod[]): FetchedFor {
  return (proxies, at) => {
    let sum = { ...exactly(0), isKnown: true };
    for (const { name, bytes } of proxies) {
      const share = shareOf(periods, name, at);
      const one = share === undefined ? unknownOf(bytes) : exactly(bytes * share);
      sum = {
        bytes: sum.bytes + one.bytes,
        lowBytes: sum.lowBytes + one.lowBytes,
        highBytes: sum.highBytes + one.highBytes,
        isKnown: sum.isKnown && (share !== undefined || bytes === 0),
      };
    }
    return sum;
  };
}

function unknownOf(bytes: Bytes): Range {
  return { bytes: Math.round(bytes / 2), lowBytes: 0, highBytes: bytes };
}

function shareOf(periods: readonly ProxyPeriod[], name: string, at: EpochMs): number | undefined {
  const period = periods.find(
    (each) => each.name === name && at > each.interval.from && at <= each.interval.to,
  );
  if (period?.fetchedBytes === undefined) return undefined;
  return period.deliveredBytes > 0 ? Math.min(1, period.fetchedBytes / period.deliveredBytes) : 0;
}
