import { closeSync, openSync } from 'node:fs';
import { NetmeterError } from '../../../src/errors.js';
import { addTraffic, noTraffic, type Traffic } from '../../../src/units.js';
import { isErrno } from '../../sys/system-error.js';
import type { Rtnetlink } from '../link/rtnetlink.js';
import { namespaceId } from './namespace-message.js';
import type { ProcReader } from './proc-reader.js';
import type { VethEnd } from './veth-ledger.js';

/** Interfaces into containers count an Ethernet header with each packet (IEEE 802.3). */
const ETHERNET_BYTES = 14;

/** An owner and how to find its network namespace: by a process in it, or by a file of it. */
export type NamespacedOwner = { ownerId: string } & ({ pid: number } | { namespacePath: string });

/** One network namespace that owners live in. */
export interface Namespace {
  inode: number;
  /** The first owner, to whom the counters belong. */
  ownerId: string;
  /** Owners that share it: their bytes cannot be told apart by interface counters. */
  sharedWith: string[];
  pid: number | undefined;
  path: string;
  /** All veth pairs that ever led into it. */
  ends: VethEnd[];
  /** Last counters of its interfaces from inside, where no veth pair leads into it. */
  inside: Traffic | undefined;
  /** The host's number for it, when it was last looked up. */
  nsid: number | undefined;
  /** Samples since none of its owners is on the list any more; `undefined` while one is. */
  leaving: number | undefined;
}

/** An owner that this tier cannot meter. */
export interface Unmetered {
  ownerId: string;
  because: string;
}

/** The namespaces of the owners that are to be metered. */
export class NamespaceBook {
  readonly #proc: ProcReader;
  #namespaces: Namespace[] = [];
  #unmetered: Unmetered[] = [];

  constructor(proc: ProcReader) {
    this.#proc = proc;
  }

  get namespaces(): readonly Namespace[] {
    return this.#namespaces;
  }

  get unmetered(): readonly Unmetered[] {
    return this.#unmetered;
  }

  /**
   * Replaces the list of owners. Namespaces whose owners left stay until their last word has been read.
   * What is known of ended veth pairs has to be up to date: the inodes of namespaces are soon given again.
   */
  setOwners(owners: readonly NamespacedOwner[]): void {
    const own = this.#proc.namespaceInode(this.#proc.namespacePath('self'));
    const present = new Set<Namespace>();
    this.#unmetered = [];
    for (const owner of owners) {
      try {
        present.add(this.#namespaceOf(owner, own));
      } catch (error) {
        if (!(error instanceof NetmeterError)) throw error;
        this.#unmetered.push({ ownerId: owner.ownerId, because: error.message });
      }
    }
    for (const namespace of this.#namespaces) {
      namespace.leaving = present.has(namespace) ? undefined : (namespace.leaving ?? 0);
    }
  }

  /** The host's number for it, as long as it exists; later the number may be another namespace's. */
  lookUpId(namespace: Namespace, rtnetlink: Rtnetlink): number | undefined {
    if (!this.exists(namespace)) return undefined;
    if (namespace.pid !== undefined) return namespaceId(rtnetlink, { pid: namespace.pid });
    const fd = openIfThere(namespace.path);
    if (fd === undefined) return undefined;
    try {
      return namespaceId(rtnetlink, { fd });
    } finally {
      closeSync(fd);
    }
  }

  exists({ path, inode }: Namespace): boolean {
    try {
      return this.#proc.namespaceInode(path) === inode;
    } catch (error) {
      // The number is another user's process's by now.
      if (error instanceof NetmeterError) return false;
      throw error;
    }
  }

  forget(namespace: Namespace): void {
    this.#namespaces = this.#namespaces.filter((other) => other !== namespace);
  }

  /** @throws NetmeterError when the owner has none that can be metered */
  #namespaceOf(owner: NamespacedOwner, own: number | undefined): Namespace {
    const { ownerId } = owner;
    const pid = 'pid' in owner ? owner.pid : undefined;
    const path = 'pid' in owner ? this.#proc.namespacePath(owner.pid) : owner.namespacePath;
    const inode = this.#proc.namespaceInode(path);
    if (inode !== undefined && inode === own) {
      throw new NetmeterError('not-found', "it shares the host's network namespace");
    }
    const known = this.#namespaces.find((namespace) =>
      // Without an inode its process has ended, and its last word may still come.
      inode === undefined
        ? namespace.ownerId === ownerId && namespace.path === path
        : namespace.inode === inode && !hasEnded(namespace),
    );
    if (known !== undefined) {
      if (known.ownerId !== ownerId && !known.sharedWith.includes(ownerId)) known.sharedWith.push(ownerId);
      return known;
    }
    if (inode === undefined) throw new NetmeterError('not-found', `${path} does not exist`);
    const empty = { sharedWith: [], ends: [], inside: undefined, nsid: undefined, leaving: undefined };
    const added: Namespace = { inode, ownerId, pid, path, ...empty };
    this.#namespaces.push(added);
    return added;
  }
}

/** True when pairs led into it and all of them are gone. */
export function hasEnded({ ends }: Namespace): boolean {
  return ends.length > 0 && ends.every(({ ended }) => ended);
}

/**
 * IP-level bytes of what a namespace's interfaces counted: its veth pairs, or others from inside.
 * `undefined` when neither was found.
 */
export function countedIn({ ends, inside }: Namespace): Traffic | undefined {
  if (ends.length === 0) return inside === undefined ? undefined : ipLevel(inside);
  return ends.reduce((sum, { counted }) => addTraffic(sum, ipLevel(counted)), noTraffic());
}

/** Without the layer 2 headers, one with each packet as it was counted: merged ones have one. */
export function ipLevel({ rxBytes, txBytes, rxPackets, txPackets }: Traffic): Traffic {
  return {
    rxBytes: rxBytes - rxPackets * ETHERNET_BYTES,
    txBytes: txBytes - txPackets * ETHERNET_BYTES,
    rxPackets,
    txPackets,
  };
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
