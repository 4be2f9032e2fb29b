import type { OwnerSum } from '../report/sums.js';
import { totalBytes } from '../units.js';
import type { Actual } from './types.js';

/** What a step moved, by what its owners moved; nothing when they are not in the sums. */
export function actualOf(sum: OwnerSum | undefined): Actual {
  if (sum === undefined) return { wanBytes: 0, proxies: [] };
  const proxies = [...sum.byProxy].map(([name, bytes]) => ({ name, bytes }));
  return { wanBytes: totalBytes(sum.wan), proxies: proxies.filter(({ bytes }) => bytes > 0) };
}
