/**
 * The host's ends of veth pairs, and what the other ends counted. A pair's two ends count the same packets,
 * so the host's end tells what a container received and sent, also when its namespace cannot be entered
 * any more.
 *
 * The last word: when a pair dies, the announcement carries each end's own statistics only, since the two
 * have been parted before. The host's end then still tells what the container received, but no longer what
 * it sent. That is told by the container's end, if it came home to the host's namespace first, which is how
 * Docker and most others take a network down.
 */
import { noTraffic, type Traffic } from '../../../src/units.js';
import type { LinkEvent } from '../link/change-feed.js';
import type { Link } from '../link/link-message.js';

/** One pair, seen from the far end's owner. */
export interface VethEnd {
  ifindex: number;
  name: string;
  /** Where the far end is, by the host's number for the namespace; `undefined` once it is not there. */
  nsid: number | undefined;
  /** By the far end's own view, with layer 2 headers. */
  counted: Traffic;
  /** The pair is gone: nothing will be counted any more. */
  ended: boolean;
  /** What was sent until the end is in it. */
  complete: boolean;
}

export class VethLedger {
  readonly #ends = new Map<number, VethEnd>();
  /** Far ends that came home, with their pair. */
  readonly #returned = new Map<number, VethEnd>();
  #fresh: VethEnd[] = [];

  /** All links as they are now, after a start or after announcements were lost. */
  load(links: readonly Link[]): void {
    const present = new Set(links.map(({ ifindex }) => ifindex));
    for (const end of this.#ends.values()) if (!present.has(end.ifindex)) end.ended = true;
    for (const link of links) this.#update(link);
  }

  apply(events: readonly LinkEvent[]): void {
    for (const { gone, link } of events) {
      if (!gone) this.#update(link);
      else this.#remove(link);
    }
  }

  /** Counters of any link, by the link's own view. */
  count(ifindex: number, stats: Traffic): void {
    const end = this.#ends.get(ifindex);
    if (end !== undefined) mirror(end.counted, stats);
  }

  /** The pairs that lead into a namespace now. */
  into(nsid: number): VethEnd[] {
    return [...this.#ends.values()].filter((end) => end.nsid === nsid && !end.ended);
  }

  /** The pairs that were seen to lead into a namespace since the last call. */
  takeFresh(): VethEnd[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** The pairs that have ended since the last call, which are forgotten. */
  takeEnded(): VethEnd[] {
    const ended = [...this.#ends.values()].filter((end) => end.ended);
    for (const { ifindex } of ended) this.#ends.delete(ifindex);
    if (ended.length > 0) {
      for (const [ifindex, end] of this.#returned) if (end.ended) this.#returned.delete(ifindex);
    }
    return ended;
  }

  #update(link: Link): void {
    if (link.kind !== 'veth') return;
    const home = link.peerIfindex === undefined ? undefined : this.#pairOfReturned(link);
    if (home !== undefined) {
      if (link.stats !== undefined) raise(home.counted, link.stats);
      home.complete = true;
      home.nsid = undefined;
      this.#returned.set(link.ifindex, home);
      return;
    }
    let end = this.#ends.get(link.ifindex);
    if (end === undefined) {
      if (link.peerNsid === undefined) return;
      end = {
        ifindex: link.ifindex,
        name: link.name,
        nsid: undefined,
        counted: noTraffic(),
        ended: false,
        complete: false,
      };
      this.#ends.set(link.ifindex, end);
    }
    end.name = link.name;
    if (link.peerNsid !== undefined && link.peerNsid !== end.nsid) {
      end.nsid = link.peerNsid;
      this.#fresh.push(end);
    }
    if (link.stats !== undefined) mirror(end.counted, link.stats);
  }

  /** The pair whose far end this is, now that both are in the host's namespace. */
  #pairOfReturned(link: Link): VethEnd | undefined {
    if (link.peerNsid !== undefined || this.#ends.has(link.ifindex)) return undefined;
    return this.#ends.get(link.peerIfindex!);
  }

  #remove(link: Link): void {
    const home = this.#returned.get(link.ifindex);
    if (home !== undefined) {
      if (link.stats !== undefined) raise(home.counted, link.stats);
      this.#returned.delete(link.ifindex);
      // It was only on its way into a namespace.
      if (link.movedToNsid !== undefined) home.complete = false;
      return;
    }
    const end = this.#ends.get(link.ifindex);
    if (end === undefined) return;
    if (link.stats !== undefined) mirror(end.counted, link.stats);
    end.ended = true;
  }
}

/** What one end received the other sent. */
function mirror(counted: Traffic, { rxBytes, txBytes, rxPackets, txPackets }: Traffic): void {
  raise(counted, { rxBytes: txBytes, txBytes: rxBytes, rxPackets: txPackets, txPackets: rxPackets });
}

/** Counters never run back: the statistics of a parted pair lack one direction, and read 0 there. */
function raise(counted: Traffic, stats: Traffic): void {
  counted.rxBytes = Math.max(counted.rxBytes, stats.rxBytes);
  counted.txBytes = Math.max(counted.txBytes, stats.txBytes);
  counted.rxPackets = Math.max(counted.rxPackets, stats.rxPackets);
  counted.txPackets = Math.max(counted.txPackets, stats.txPackets);
}
