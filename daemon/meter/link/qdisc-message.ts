/** RTM_GETQDISC (linux/rtnetlink.h, linux/gen_stats.h): what the queue of an interface dropped. */
import { eachAttribute, readText, readU32, type Span } from './netlink-message.js';

export const RTM_GETQDISC = 38;
/** struct tcmsg: family and pads, ifindex, handle, parent, info. */
const HEADER = 20;
const TC_H_ROOT = 0xffff_ffff;
const TCA_KIND = 1;
const TCA_STATS2 = 7;
const TCA_STATS_QUEUE = 3;
/** Third field of struct gnet_stats_queue: qlen, backlog, drops, requeues, overlimits. */
const DROPS = 8;

export interface QueueDrops {
  ifindex: number;
  /** Kind and handle: another queue starts to count from 0. */
  queue: string;
  /** Packets that were counted at a socket and never sent; a counter of 32 bits. */
  drops: number;
}

/** The fixed part of a dump request. A question for one queue would be announced to every listener. */
export function queueRequest(): Uint8Array {
  return new Uint8Array(HEADER);
}

/**
 * The root queue of an interface, whose drops include those of the queues below it.
 * @returns `undefined` for other queues, and for those of interfaces that are not `wanted`
 */
export function parseRootQueue(payload: Span, wanted: (ifindex: number) => boolean): QueueDrops | undefined {
  const ifindex = readU32(payload, 4);
  if (readU32(payload, 12) !== TC_H_ROOT || !wanted(ifindex)) return undefined;
  let kind = '';
  let drops: number | undefined;
  eachAttribute(payload, HEADER, (type, value) => {
    if (type === TCA_KIND) kind = readText(value);
    if (type !== TCA_STATS2) return;
    eachAttribute(value, 0, (inner, stats) => {
      if (inner === TCA_STATS_QUEUE) drops = readU32(stats, DROPS);
    });
  });
  if (drops === undefined) return undefined;
  return { ifindex, queue: `${kind} ${readU32(payload, 8).toString(16)}`, drops };
}
