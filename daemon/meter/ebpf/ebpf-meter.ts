/**
 * meter/ebpf: the exact tier. Two BPF programs on the root of cgroup2 count every packet of every socket;
 * this folder loads, pins, adopts, reads and removes them. `program/` has their source, `generated/` the
 * bytecode, `kernel/` the commands of bpf(2).
 */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import type { Milliseconds } from '../../../src/units.js';
import { waitForGracePeriod } from '../../sys/grace-period.js';
import type { CgroupMount } from './cgroup-mount.js';
import type { CgroupNames } from './cgroup-names.js';
import { Configuration, type Endpoint, type InterfaceMtu } from './configuration.js';
import { CounterSet } from './counter-set.js';
import { unlinkIfThere } from './generation-name.js';
import { cgroupsOf, removeIdleCounters } from './idle-removal.js';
import type { InheritedCounters } from './inherited.js';
import { type ProgramCost, programCost } from './kernel/bpf-program.js';
import type { FlowCounter } from './layout.js';
import { LinkPrograms } from './link-programs.js';
import { PIN as NAMING_PIN } from './naming-link.js';
import { type EbpfMeterOptions, epochOf, type OpenParts, openParts } from './opening.js';
import type { OverflowCounts } from './overflow.js';
import { type Pinning, removeIfEmpty } from './pin-directory.js';
import { Tails } from './tails.js';

export type {
  EbpfMeterOptions,
  Endpoint,
  FlowCounter,
  InheritedCounters,
  InterfaceMtu,
  OverflowCounts,
  Pinning,
};

/** All counters at one instant. They are cumulative, and the objects are updated by the next sample. */
export interface MeterSample {
  /** Boot and set of maps that the values count in; stored positions are worth nothing in another epoch. */
  epoch: string;
  /** Those that moved since the sample before; all of them in the first one. Valid until the next sample. */
  changed: readonly FlowCounter[];
  overflow: OverflowCounts;
}

/**
 * Starts to meter every socket of the machine, or adopts what is metering already.
 * @throws NetmeterError `permission-denied`, `cgroup2-missing`, `bpf-unavailable`, `bpf-load-failed`,
 *   `daemon-already-running`, `system-unsupported`
 */
export function openEbpfMeter(options: EbpfMeterOptions = {}): EbpfMeter {
  return new EbpfMeter(openParts(options), options);
}

/** The running meter: made by {@link openEbpfMeter}. */
export class EbpfMeter {
  readonly epoch: string;
  readonly cgroup: CgroupMount;
  /** Whether counting goes on when this process dies, and if not, why. */
  readonly pinning: Pinning;
  /** Why cgroups that live only between two samples stay nameless; `undefined` when they do not. */
  readonly namesMissing: string | undefined;
  /** False when `netns` is 0 in all counters, because this kernel does not tell. */
  readonly netnsKnown: boolean;
  /** What earlier versions had counted: to be stored, then released by {@link releaseInherited}. */
  readonly inherited: readonly InheritedCounters[];
  /** Directories of a later version's counters, which are left for it. */
  readonly unreadable: readonly string[];

  readonly #parts: OpenParts;
  readonly #counters: CounterSet;
  readonly #names: CgroupNames;
  readonly #configuration: Configuration;
  readonly #linkPrograms: LinkPrograms;
  readonly #tails: Tails;
  /** Until they are read: nobody but this process writes them. */
  #hasNewTails = true;
  #closed = false;

  constructor(parts: OpenParts, { batches, settleMs }: EbpfMeterOptions) {
    const { maps } = parts.generation;
    this.#parts = parts;
    this.#names = parts.names;
    this.#counters = new CounterSet(maps, batches);
    this.#configuration = new Configuration(maps);
    this.#linkPrograms = new LinkPrograms(maps, parts.pinDir);
    this.#tails = new Tails(maps, settleMs, batches);
    this.epoch = epochOf(parts.bootId, parts.generation);
    this.cgroup = parts.mount;
    this.pinning = parts.pinning;
    this.namesMissing = typeof parts.naming === 'string' ? parts.naming : undefined;
    this.netnsKnown = this.#configuration.netnsKnown;
    this.inherited = parts.inheritance.counters;
    this.unreadable = parts.unreadable;
  }

  /** @param now a monotonic time, from which {@link removeIdle} takes how long counters have been still */
  sample(now: Milliseconds): MeterSample {
    if (this.#linkPrograms.interfaces.length > 0) this.#settle(Number(process.hrtime.bigint()));
    return this.#read(now);
  }

  #settle(monotonicNs: number): void {
    if (this.#tails.settle(monotonicNs)) this.#hasNewTails = true;
  }

  #read(now: Milliseconds): MeterSample {
    const changed = this.#counters.read(now, this.#hasNewTails);
    this.#hasNewTails = false;
    return { epoch: this.epoch, changed, overflow: this.#counters.overflow() };
  }

  /** All counters as of the last sample, but those in total. */
  get flows(): readonly FlowCounter[] {
    return this.#counters.maps.flatMap((map) => map.counters);
  }

  /** Path below the cgroup2 mount, `/` for its root; `undefined` when nobody noted it in time. */
  cgroupPath(id: number): string | undefined {
    return this.#names.path(id);
  }

  /**
   * Replaces what is known about MTUs, by which fragments are counted.
   * @param defaultMtu of all interfaces that are not listed: the uplink's
   */
  setMtus(defaultMtu: number, mtus: readonly InterfaceMtu[]): void {
    this.#configuration.setMtus(defaultMtu, mtus);
  }

  /**
   * Says which interfaces of this namespace are uplinks. What arrives there for connections whose socket is
   * gone already (a FIN answered in TIME_WAIT, the rest of an aborted download) is then counted for the
   * socket's last owner, some seconds later.
   * @returns why that is not possible, for people, on kernels before 6.6: those packets stay unattributed
   */
  setLinks(ifindexes: readonly number[]): string | undefined {
    return this.#linkPrograms.follow(ifindexes);
  }

  /** Replaces the services on ports of 32768 and up that counters shall tell by their port. */
  setEndpoints(endpoints: readonly Endpoint[]): void {
    this.#configuration.setEndpoints(endpoints.filter(({ port }) => port >= 32_768));
  }

  /**
   * Removes counters of cgroups that are gone and that have not moved for `idleMs`. Call it after a sample
   * has been stored. When three quarters of the room for remotes are taken, those of living cgroups that
   * have been still for an hour make place, too.
   * @returns the removed ones with their final values, usually those of the last sample. Should the same
   *   key come again it counts from 0, so its position must be forgotten
   */
  removeIdle(now: Milliseconds, idleMs?: Milliseconds): FlowCounter[] {
    return removeIdleCounters(this.#counters, this.#names, now, idleMs);
  }

  /** The inherited counters are stored: removes the earlier versions' maps. */
  releaseInherited(): void {
    this.#names.useOnly(this.#parts.generation.maps.names);
    this.#parts.inheritance.release();
  }

  /** What the programs cost so far; zeros unless `kernel.bpf_stats_enabled` is on. */
  cost(): { ingress: ProgramCost; egress: ProgramCost } {
    const { ingress, egress } = this.#parts.generation;
    return { ingress: programCost(ingress), egress: programCost(egress) };
  }

  /** Lets go of everything; what is pinned goes on counting. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { links, naming, generation, inheritance, lock } = this.#parts;
    links.close();
    this.#linkPrograms.close();
    if (typeof naming !== 'string') naming.close();
    generation.close();
    inheritance.close();
    this.#names.close();
    if (lock !== undefined) closeSync(lock);
  }

  /**
   * Ends the metering and removes everything from the kernel. Whose the counters are can still be asked.
   * @param ended called at the instant from which nothing is counted any more, before what takes its time
   * @returns a last sample, of all that was counted up to the end
   */
  detach(now: Milliseconds, ended: () => void = () => {}): MeterSample {
    const { links, naming, generation, inheritance, pinDir } = this.#parts;
    links.detach();
    ended();
    this.#linkPrograms.detach();
    if (typeof naming !== 'string') naming.detach();
    waitForGracePeriod();
    this.#settle(Number.POSITIVE_INFINITY);
    const last = this.#read(now);
    this.#names.learnAll(cgroupsOf(this.#counters));
    generation.unpin();
    inheritance.release();
    if (pinDir !== undefined) {
      unlinkIfThere(join(pinDir, NAMING_PIN));
      removeIfEmpty(pinDir);
    }
    this.close();
    return last;
  }
}
