import type { LinkCounters } from '../../../src/metering/types.js';
import type { LinkEvent } from './change-feed.js';
import type { Link, LinkStats } from './link-message.js';
import { parseRootQueue, type QueueDrops, queueRequest, RTM_GETQDISC } from './qdisc-message.js';
import type { Rtnetlink } from './rtnetlink.js';
import { parseStats, RTM_GETSTATS, statsRequest } from './stats-message.js';

/** One uplink's cumulative counters. */
export interface CounterReading {
  link: Link;
  /** Stable for the life of the interface; another interface of the same name has another key. */
  key: string;
  counters: LinkCounters;
  /** Where its counters began, if it appeared since the last sample; a new interface has zeros. */
  born: LinkCounters | undefined;
  /** Vanished since the last sample: these are its last counters, and there will be no others. */
  gone: boolean;
}

interface Tracked {
  link: Link;
  key: string;
  stats: LinkStats;
  queue: QueueDrops | undefined;
  /** Drops of queues that were replaced. */
  drainedDrops: number;
}

/** Follows the counters of the uplinks, from the first sample they are in until they vanish. */
export class LinkCounterReader {
  readonly #rtnetlink: Rtnetlink;
  readonly #tracked = new Map<number, Tracked>();

  constructor(rtnetlink: Rtnetlink) {
    this.#rtnetlink = rtnetlink;
  }

  /**
   * @param uplinks as they are now
   * @param created links that appeared since the last sample, as they were first announced
   * @param events announcements since the last sample, with the last counters of links that vanished
   */
  read(
    uplinks: readonly Link[],
    created: ReadonlyMap<number, Link>,
    events: readonly LinkEvent[],
  ): CounterReading[] {
    const readings: CounterReading[] = [];
    for (const { gone, link } of events) if (gone) this.#end(link.ifindex, link.stats, readings);
    const present = new Set(uplinks.map(({ ifindex }) => ifindex));
    // Gone without an announcement, which was lost: what was read last is all there is.
    for (const ifindex of [...this.#tracked.keys()]) {
      if (!present.has(ifindex)) this.#end(ifindex, undefined, readings);
    }
    const queues = this.#readQueues(present);
    for (const link of uplinks) {
      this.#readOne(link, queues.get(link.ifindex), created.get(link.ifindex), readings);
    }
    return readings;
  }

  #readQueues(wanted: ReadonlySet<number>): Map<number, QueueDrops> {
    const queues = this.#rtnetlink.dump(RTM_GETQDISC, queueRequest(), (answer) =>
      parseRootQueue(answer, (ifindex) => wanted.has(ifindex)),
    );
    return new Map(queues.flatMap((queue) => (queue === undefined ? [] : [[queue.ifindex, queue]])));
  }

  #readOne(
    link: Link,
    queue: QueueDrops | undefined,
    created: Link | undefined,
    readings: CounterReading[],
  ): void {
    const stats = this.#rtnetlink.ask(RTM_GETSTATS, statsRequest(link.ifindex), [], parseStats);
    // It has vanished since: its announcement comes with the next poll.
    if (stats === undefined) return;
    let tracked = this.#tracked.get(link.ifindex);
    const first = tracked === undefined ? created?.stats : undefined;
    if (tracked === undefined) {
      const key = `link:${link.name}#${link.ifindex}`;
      tracked = { link, key, stats, queue: undefined, drainedDrops: 0 };
      this.#tracked.set(link.ifindex, tracked);
    }
    tracked.link = link;
    tracked.stats = stats;
    countDrops(tracked, queue);
    readings.push({ ...readingOf(tracked, false), born: first });
  }

  #end(ifindex: number, last: LinkStats | undefined, readings: CounterReading[]): void {
    const tracked = this.#tracked.get(ifindex);
    if (tracked === undefined) return;
    this.#tracked.delete(ifindex);
    if (last !== undefined) tracked.stats = largest(tracked.stats, last);
    readings.push(readingOf(tracked, true));
  }
}

function countDrops(tracked: Tracked, queue: QueueDrops | undefined): void {
  const before = tracked.queue;
  const replaced = before !== undefined && (queue?.queue !== before.queue || queue.drops < before.drops);
  if (replaced) tracked.drainedDrops += before.drops;
  tracked.queue = queue;
}

/**
 * The last statistics of a dying veth lack what its peer had counted for it: a counter never runs back, so
 * the larger value is the later one.
 */
export function largest(a: LinkStats, b: LinkStats): LinkStats {
  return {
    rxBytes: Math.max(a.rxBytes, b.rxBytes),
    txBytes: Math.max(a.txBytes, b.txBytes),
    rxPackets: Math.max(a.rxPackets, b.rxPackets),
    txPackets: Math.max(a.txPackets, b.txPackets),
    txDropped: Math.max(a.txDropped, b.txDropped),
  };
}

function readingOf({ link, key, stats, queue, drainedDrops }: Tracked, gone: boolean): CounterReading {
  const { rxBytes, txBytes, rxPackets, txPackets } = stats;
  const txDropped = stats.txDropped + drainedDrops + (queue?.drops ?? 0);
  const counters = { rxBytes, txBytes, rxPackets, txPackets, txDropped };
  return { link, key, counters, born: undefined, gone };
}
