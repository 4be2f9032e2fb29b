import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inPrefix, parseAddress } from '../../src/metering/address.js';
import { connectedV4, connectedV6 } from '../../src/metering/proc-routes.js';
import type { Prefix } from '../../src/metering/route.js';
import type { EpochMs, Milliseconds } from '../../src/units.js';

/** How many processes of a cgroup are asked which namespace they are in. */
const MOST_PROCESSES = 64;
/** A namespace gets networks after its first packets, as containers are connected to more of them. */
const KEPT: Milliseconds = 60_000;

interface Known {
  prefixes: Prefix[];
  readAt: EpochMs;
}

/**
 * What namespaces other than the host's reach without leaving themselves: containers of an engine that
 * runs in a container talk to each other over a bridge that the host has no route to. By the host's table
 * alone their bytes would be taken for wan.
 */
export class Neighbours {
  readonly #procRoot: string;
  readonly #cgroupRoot: string;
  readonly #now: () => EpochMs;
  readonly #hostNamespace: number | undefined;
  readonly #known = new Map<number, Known>();

  constructor(procRoot: string, cgroupRoot: string, now: () => EpochMs) {
    this.#procRoot = procRoot;
    this.#cgroupRoot = cgroupRoot;
    this.#now = now;
    this.#hostNamespace = this.#namespaceOf('self');
  }

  /**
   * Whether the address is on a network that the namespace itself is connected to. False where that cannot
   * be told, as for a cgroup that is gone.
   */
  isNeighbour(netns: number, cgroupPath: string | undefined, address: string): boolean {
    const bytes = parseAddress(address);
    if (bytes === undefined || cgroupPath === undefined || netns === 0) return false;
    return this.#prefixes(netns, cgroupPath).some((prefix) => inPrefix(bytes, prefix.address, prefix.bits));
  }

  forgetUnused(inUse: ReadonlySet<number>): void {
    for (const netns of this.#known.keys()) if (!inUse.has(netns)) this.#known.delete(netns);
  }

  #prefixes(netns: number, cgroupPath: string): Prefix[] {
    const known = this.#known.get(netns);
    if (known !== undefined && this.#now() - known.readAt < KEPT) return known.prefixes;
    const pid = this.#processInside(cgroupPath);
    const prefixes = pid === undefined ? (known?.prefixes ?? []) : this.#read(pid);
    this.#known.set(netns, { prefixes, readAt: this.#now() });
    return prefixes;
  }

  /** A process of the cgroup in a namespace that is not the host's; undefined when there are several such. */
  #processInside(cgroupPath: string): string | undefined {
    const found = new Map<number, string>();
    for (const pid of this.#processesOf(cgroupPath)) {
      const namespace = this.#namespaceOf(pid);
      if (namespace !== undefined && namespace !== this.#hostNamespace) found.set(namespace, pid);
    }
    return found.size === 1 ? [...found.values()][0] : undefined;
  }

  #processesOf(cgroupPath: string): string[] {
    try {
      const text = readFileSync(join(this.#cgroupRoot, cgroupPath, 'cgroup.procs'), 'utf8');
      return text.split('\n').filter(Boolean).slice(0, MOST_PROCESSES);
    } catch {
      return [];
    }
  }

  #namespaceOf(pid: string): number | undefined {
    try {
      return statSync(join(this.#procRoot, pid, 'ns/net')).ino;
    } catch {
      return undefined;
    }
  }

  #read(pid: string): Prefix[] {
    const table = (name: string): string => {
      try {
        return readFileSync(join(this.#procRoot, pid, 'net', name), 'utf8');
      } catch {
        return '';
      }
    };
    return [...connectedV4(table('route')), ...connectedV6(table('ipv6_route'))];
  }
}
