/**
 * netns: the header tier. Bytes of containers and steps by the counters of their network interfaces, where
 * the exact tier cannot be. Packets that the kernel merged or did not segment yet count as one here, so
 * that the headers of the others are missing: some 3 % of a download.
 */
import { NetmeterError } from '../../../src/errors.js';
import type { Traffic, Transfer } from '../../../src/units.js';
import { ChangeFeed, LINK_GROUPS } from '../link/change-feed.js';
import { parseLink, RTM_GETLINK } from '../link/link-message.js';
import { Rtnetlink } from '../link/rtnetlink.js';
import { parseStats, RTM_GETSTATS, statsRequest } from '../link/stats-message.js';
import {
  countedIn,
  hasEnded,
  ipLevel,
  type Namespace,
  NamespaceBook,
  type NamespacedOwner,
  type Unmetered,
} from './namespace-book.js';
import { ProcReader } from './proc-reader.js';
import { type VethEnd, VethLedger } from './veth-ledger.js';

/** One owner's cumulative counters, from its own view. */
export interface NamespaceReading {
  ownerId: string;
  /** Stable for the life of the namespace: a restarted container has another one. */
  key: string;
  /** IP-level bytes of the packets that its interfaces counted, since they were created. */
  counters: Traffic;
  /** The namespace's network is gone, and this is its last word. */
  ended: boolean;
  /** After the end: all of it is here. Else at least what it sent last is missing, since the last sample. */
  complete: boolean;
  /** Owners in the same namespace, whose bytes are in this reading, too. */
  sharedWith: readonly string[];
}

/** A pair that came and went, or went, without an owner being known. */
export interface StrayReading {
  interface: string;
  counters: Traffic;
  complete: boolean;
}

export interface NetnsSample {
  readings: NamespaceReading[];
  strays: StrayReading[];
  /** Owners without a reading: with the host's network, or gone before they were found. */
  unmetered: Unmetered[];
}

/** struct ifinfomsg, all zero: every link. */
const ALL_LINKS = new Uint8Array(16);
/** Samples that the network of an owner who is gone may take to be taken down. */
const LONGEST_LEAVE = 10;

export class NetnsMeter {
  readonly #proc: ProcReader;
  readonly #book: NamespaceBook;
  readonly #veths = new VethLedger();
  #open: { rtnetlink: Rtnetlink; feed: ChangeFeed } | undefined;

  /** @param procRoot where the proc file system of the host's processes is mounted */
  constructor(procRoot: string) {
    this.#proc = new ProcReader(procRoot);
    this.#book = new NamespaceBook(this.#proc);
  }

  /** Opens its sockets in the network namespace of the calling thread: the host's. */
  start(): void {
    if (this.#open !== undefined) return;
    const feed = ChangeFeed.open(LINK_GROUPS);
    try {
      this.#open = { rtnetlink: Rtnetlink.open(), feed };
      this.#loadLinks(this.#open.rtnetlink);
    } catch (error) {
      feed.close();
      this.stop();
      throw error;
    }
  }

  stop(): void {
    this.#open?.feed.close();
    this.#open?.rtnetlink.close();
    this.#open = undefined;
  }

  /** Replaces the list of owners: call it as soon as one appears, while its process lives. */
  setOwners(owners: readonly NamespacedOwner[]): void {
    this.#absorb();
    this.#book.setOwners(owners);
    this.#bind();
  }

  /** Reads all counters, once a tick. Owners that ended are in one sample more, and then forgotten. */
  sample(): NetnsSample {
    const { rtnetlink } = this.#started();
    this.#absorb();
    this.#bind();
    if (this.#book.namespaces.length > 0) {
      for (const stats of rtnetlink.dump(RTM_GETSTATS, statsRequest(0), parseStats)) {
        if (stats !== undefined) this.#veths.count(stats.ifindex, stats);
      }
    }
    const sample: NetnsSample = { readings: [], strays: [], unmetered: [...this.#book.unmetered] };
    const owned = new Set(this.#book.namespaces.flatMap(({ ends }) => ends));
    for (const namespace of this.#book.namespaces) this.#read(namespace, sample);
    sample.strays = this.#veths
      .takeEnded()
      .filter((end) => !owned.has(end))
      .map(strayOf);
    return sample;
  }

  /**
   * What the namespace's IP layer counted beside what its interfaces did, to check one against the other:
   * both count merged packets as one. `undefined` when the owner has no living process here.
   */
  crossCheck(ownerId: string): { interfaces: Traffic; ip: Transfer } | undefined {
    const namespace = this.#book.namespaces.find((candidate) => candidate.ownerId === ownerId);
    if (namespace?.pid === undefined) return undefined;
    const counted = this.#proc.counters(namespace.pid);
    const ip = this.#proc.ipOctets(namespace.pid);
    if (counted === undefined || ip === undefined) return undefined;
    return { interfaces: ipLevel(counted), ip };
  }

  #started() {
    if (this.#open === undefined) throw new NetmeterError('internal', 'the namespace meter is not started');
    return this.#open;
  }

  #loadLinks(rtnetlink: Rtnetlink): void {
    this.#veths.load(rtnetlink.dump(RTM_GETLINK, ALL_LINKS, parseLink));
  }

  #absorb(): void {
    const { feed, rtnetlink } = this.#started();
    const changes = feed.poll();
    this.#veths.apply(changes.links);
    if (changes.everything) this.#loadLinks(rtnetlink);
  }

  /** Gives the pairs that appeared to the namespaces that they lead into. */
  #bind(): void {
    const fresh = new Set(this.#veths.takeFresh().map(({ nsid }) => nsid));
    for (const namespace of this.#book.namespaces) {
      const first = namespace.nsid === undefined && namespace.inside === undefined;
      // Without a number it has none yet: the first pair into a namespace gives it one.
      const concerned = namespace.nsid === undefined ? fresh.size > 0 : fresh.has(namespace.nsid);
      if (!first && !concerned) continue;
      namespace.nsid = this.#book.lookUpId(namespace, this.#started().rtnetlink);
      if (namespace.nsid === undefined) continue;
      for (const end of this.#veths.into(namespace.nsid)) {
        if (this.#book.namespaces.some(({ ends }) => ends.includes(end))) continue;
        namespace.ends.push(end);
      }
    }
  }

  #read(namespace: Namespace, { readings, unmetered }: NetnsSample): void {
    const { ownerId, inode, ends, sharedWith } = namespace;
    const problem = ends.length === 0 ? this.#readInside(namespace) : undefined;
    const alive = problem === undefined && !hasEnded(namespace);
    const left = namespace.leaving !== undefined && (!alive || namespace.leaving++ > LONGEST_LEAVE);
    const ended = left || (!alive && !this.#book.exists(namespace));
    if (ended) this.#book.forget(namespace);
    else if (problem !== undefined) unmetered.push({ ownerId, because: problem });
    const counters = countedIn(namespace);
    if (counters === undefined || (problem !== undefined && !ended)) return;
    const key = `netns:${ownerId}#${inode}`;
    const complete = ends.length > 0 && ends.every((end) => end.complete || !end.ended);
    readings.push({ ownerId, key, counters, ended, complete, sharedWith });
  }

  /**
   * Namespaces without a veth pair (macvlan, tap) are read from inside.
   * @returns why that is not possible
   */
  #readInside(namespace: Namespace): string | undefined {
    try {
      const inside = namespace.pid === undefined ? undefined : this.#proc.counters(namespace.pid);
      if (inside === undefined) return `no veth pair leads into ${namespace.path}, and no process is there`;
      namespace.inside = inside;
      return undefined;
    } catch (error) {
      if (error instanceof NetmeterError) return error.message;
      throw error;
    }
  }
}

function strayOf({ name, counted, complete }: VethEnd): StrayReading {
  return { interface: name, counters: ipLevel(counted), complete };
}
