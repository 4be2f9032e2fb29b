import { classify, type Surroundings } from '../../src/metering/classify.js';
import type { CounterPosition, Owner } from '../../src/metering/types.js';
import type { EbpfMeter, FlowCounter, MeterSample, OverflowCounts } from '../meter/ebpf/ebpf-meter.js';
import type { OwnerResolver } from '../observe/owners/owner-resolver.js';
import type { Clock } from './clock.js';
import { FlowLedger, type FlowPlace, type FlowRules, GROUP_OWNER } from './flow-ledger.js';
import { InheritedFlows, type StoredPositions } from './inherited-flows.js';
import type { Draft, TickSource } from './meter-loop.js';
import type { Neighbours } from './neighbours.js';

export interface ExactSourceOptions {
  meter: EbpfMeter;
  owners: OwnerResolver;
  surroundings: Surroundings;
  neighbours: Neighbours;
  /** The one uplink, when there is one only, as it is called. */
  onlyLink(): string | undefined;
  /** What the link is called that an interface is. */
  linkName(interfaceName: string): string;
  /** Changes when a remote may have another class or link than before. */
  placesGeneration(): number;
  /** Cookie of the host's network namespace; undefined when the kernel does not tell. */
  hostNetns: number | undefined;
  clock: Clock;
}

/** Between sockets of one namespace's networks, which no uplink sees. */
const INSIDE: FlowPlace = { class: 'lan', link: undefined };
/** Of every network namespace (net/net_namespace.h). */
const LOOPBACK_IFINDEX = 1;
/** How often counters of dead cgroups are looked for. */
const SWEEP_MS = 10_000;

/** The exact tier: every socket's bytes, from the kernel's flow counters. */
export class ExactSource implements TickSource {
  readonly name = 'ebpf';
  readonly #options: ExactSourceOptions;
  readonly #rules: FlowRules;
  readonly #ledger: FlowLedger;
  /** Until what the counters of another version had counted is stored. */
  #inherited: InheritedFlows | undefined;
  /** Owners to be stored with the next commit; some are learnt while one is under way. */
  readonly #owners = new Map<string, Owner>([[GROUP_OWNER.id, GROUP_OWNER]]);
  #drafted: readonly Owner[] = [];
  readonly #forget = new Set<string>();
  #beginning = false;
  #first = true;
  #lastSweepAt = Number.NEGATIVE_INFINITY;
  #overflow: OverflowCounts | undefined;
  #last: MeterSample | undefined;

  constructor(options: ExactSourceOptions) {
    this.#options = options;
    this.#rules = {
      ownerOf: (flow) => options.owners.resolve(flow.cgroupId, options.meter.cgroupPath(flow.cgroupId), flow),
      place: (flow) => this.#place(flow),
      placesGeneration: options.placesGeneration,
    };
    this.#ledger = new FlowLedger(this.#rules);
    options.owners.onOwner((owner) => this.#owners.set(owner.id, owner));
  }

  /**
   * @param stored the positions that the store knows; `undefined` when it knows none although the counters are
   *   old: then counting begins at their present values
   */
  restore(stored: StoredPositions | undefined): void {
    const { meter } = this.#options;
    if (stored === undefined) this.#beginning = true;
    else if (stored.epoch === meter.epoch) this.#ledger.restore(stored.positions.filter(isOfAFlow));
    this.#inherited = new InheritedFlows(meter.inherited, stored, this.#rules);
  }

  get overflow(): OverflowCounts | undefined {
    return this.#overflow;
  }

  get flows(): number {
    return this.#ledger.size;
  }

  draft(): Draft {
    const { meter, clock } = this.#options;
    const { changed, overflow } = this.#last ?? meter.sample(clock.monotonic());
    const readAt = { wall: clock.now(), boot: clock.boot() };
    return { ...this.#draftOf(changed, overflow), readAt };
  }

  /** The kernel counts no more: drafts are made from this sample from now on. */
  end(last: MeterSample): void {
    this.#last = last;
  }

  accept(): void {
    this.#ledger.accept();
    for (const owner of this.#drafted) {
      if (this.#owners.get(owner.id) === owner) this.#owners.delete(owner.id);
    }
    this.#forget.clear();
    if (this.#last !== undefined) return;
    if (this.#inherited !== undefined) this.#options.meter.releaseInherited();
    this.#inherited = undefined;
    this.#sweep();
  }

  #draftOf(changed: readonly FlowCounter[], overflow: OverflowCounts): Draft {
    this.#overflow = overflow;
    for (const flow of changed) {
      if (this.#beginning) this.#ledger.begin(flow);
      else this.#ledger.read(flow);
    }
    if (this.#first) for (const key of this.#ledger.leftovers()) this.#forget.add(key);
    this.#first = false;
    this.#beginning = false;
    const { rows, positions } = this.#ledger.drafts();
    const inherited = this.#inherited?.rows() ?? [];
    this.#drafted = [...this.#owners.values()];
    return {
      tier: 'exact',
      rows: [...inherited, ...rows],
      positions,
      links: [],
      owners: [...this.#drafted],
      forget: [...this.#forget],
    };
  }

  #place(flow: FlowCounter): FlowPlace {
    if (flow.remote.address === '') return this.#placeWithoutRemote(flow);
    const { hostNetns, surroundings, meter, neighbours, linkName } = this.#options;
    // Where the kernel does not tell namespaces apart, an interface's number means nothing either.
    const isHost = hostNetns !== undefined && flow.netns === hostNetns;
    const place = classify({ ...flow.remote, ...flow, hostNetns: isHost }, surroundings);
    const staysInside =
      place.class === 'wan' &&
      !isHost &&
      neighbours.isNeighbour(flow.netns, meter.cgroupPath(flow.cgroupId), flow.remote.address);
    if (staysInside) return INSIDE;
    const { class: trafficClass, link, proxy } = place;
    return { class: trafficClass, proxy, link: link === undefined ? undefined : linkName(link) };
  }

  /** Of what was counted without its remote, as there was no room: most of it is wan, as in the lower tiers. */
  #placeWithoutRemote({ ifindex, packetType }: FlowCounter): FlowPlace {
    if (ifindex === LOOPBACK_IFINDEX) return { class: 'local', link: undefined };
    if (packetType !== 'unicast') return INSIDE;
    return { class: 'wan', link: this.#options.onlyLink() };
  }

  /** Everything up to here is stored, so that what is removed from the kernel is stored, too. */
  #sweep(): void {
    const { meter, owners, neighbours, clock } = this.#options;
    const now = clock.monotonic();
    if (now - this.#lastSweepAt < SWEEP_MS) return;
    this.#lastSweepAt = now;
    const removed = meter.removeIdle(now);
    if (removed.length === 0) return;
    for (const { key } of removed) {
      this.#ledger.forget(key);
      this.#forget.add(key);
    }
    owners.review(new Set(meter.flows.map((flow) => flow.cgroupId)));
    neighbours.forgetUnused(new Set(meter.flows.map((flow) => flow.netns)));
  }
}

/**
 * Links' positions are stored beside those of flows, whose keys are hexadecimal or say what they stand for.
 * Taken for flows, they would be forgotten as the kernel's map has none of them.
 */
function isOfAFlow({ key }: CounterPosition): boolean {
  return !key.startsWith('link:');
}
