/** RTM_GETSTATS (linux/if_link.h): only the counters of an interface, at a fraction of RTM_GETLINK's cost. */
import { type LinkStats, parseStats64 } from './link-message.js';
import { eachAttribute, readU32, type Span, u32 } from './netlink-message.js';

export const RTM_GETSTATS = 94;

/** struct if_stats_msg: family, pads, ifindex, filter mask. */
const HEADER = 12;
const IFLA_STATS_LINK_64 = 1;
const FILTER_LINK_64 = 1 << (IFLA_STATS_LINK_64 - 1);

export interface StatsOfLink extends LinkStats {
  ifindex: number;
}

/** @param ifindex 0 in a dump, for all of them */
export function statsRequest(ifindex: number): Uint8Array {
  const header = new Uint8Array(HEADER);
  header.set(u32(ifindex), 4);
  header.set(u32(FILTER_LINK_64), 8);
  return header;
}

export function parseStats(payload: Span): StatsOfLink | undefined {
  const ifindex = readU32(payload, 4);
  let stats: LinkStats | undefined;
  eachAttribute(payload, HEADER, (type, value) => {
    if (type === IFLA_STATS_LINK_64) stats = parseStats64(value);
  });
  return stats === undefined ? undefined : { ifindex, ...stats };
}
