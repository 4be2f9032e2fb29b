/**
 * pipeline: from samples to committed rows. The flow ledger turns the exact tier's cumulative
 * flow counters into rows with an owner, a class and a link. A delta is made against the last
 * position that was committed, not the last one read: when a commit fails, the next tick's delta
 * simply covers both, so nothing is lost and nothing is kept in a queue.
 */
import type { CounterPosition, Owner, Remote, TrafficClass, TrafficRow } from '../../src/metering/types.js';
import { noTraffic, type Traffic } from '../../src/units.js';

/** One cumulative flow counter, as the kernel programs keep it. */
export interface FlowCounter {
  /** The map key in hex. */
  key: string;
  cgroupId: number;
  netns: number;
  ifindex: number;
  remote: Remote;
  direction: 'rx' | 'tx';
  /** The port is the local end's: this owner is the service. */
  serviceIsLocal: boolean;
  packetType: 'unicast' | 'broadcast' | 'multicast';
}

/** A row that does not know its interval and tier yet. */
export type DraftRow = Omit<TrafficRow, 'interval' | 'tier'>;

export interface FlowRules {
  ownerOf(flow: FlowCounter): Owner;
  place(flow: FlowCounter): { class: TrafficClass; link: string | undefined };
  /** Changes when routes, addresses or proxies changed, so that places must be looked up anew. */
  placesGeneration(): number;
}

interface Tracked {
  flow: FlowCounter;
  committedBytes: number;
  committedPackets: number;
  readBytes: number;
  readPackets: number;
  owner: Owner;
  place: { class: TrafficClass; link: string | undefined };
  generation: number;
}

/** Group broadcasts go to: several listeners count one packet each, the wire carried it once. */
export const GROUP_OWNER: Owner = {
  id: 'host:multicast',
  kind: 'host',
  name: 'broadcast and multicast',
  facts: {},
};

export class FlowLedger {
  readonly #rules: FlowRules;
  readonly #tracked = new Map<string, Tracked>();
  readonly #committed = new Map<string, CounterPosition>();
  readonly #changed = new Set<Tracked>();

  constructor(rules: FlowRules) {
    this.#rules = rules;
  }

  /** Positions of an earlier run of the daemon over the same counters. */
  restore(positions: readonly CounterPosition[]): void {
    for (const position of positions) this.#committed.set(position.key, position);
  }

  /** Takes one cumulative value. Cheap when it has not moved. */
  read(key: string, bytes: number, packets: number, decode: () => FlowCounter): void {
    let tracked = this.#tracked.get(key);
    if (tracked === undefined) {
      tracked = this.#track(key, decode());
    }
    if (bytes === tracked.readBytes && packets === tracked.readPackets) return;
    tracked.readBytes = bytes;
    tracked.readPackets = packets;
    this.#changed.add(tracked);
  }

  /** What moved since the last commit, as rows, and the positions that a commit of them would reach. */
  drafts(): { rows: DraftRow[]; positions: CounterPosition[]; owners: Owner[] } {
    const rows = new Map<string, DraftRow>();
    const groups = new Map<string, Map<number, DraftRow>>();
    const positions: CounterPosition[] = [];
    const owners = new Map<string, Owner>();
    for (const tracked of this.#changed) {
      const { flow } = tracked;
      positions.push({ key: flow.key, bytes: tracked.readBytes, packets: tracked.readPackets });
      this.#refreshPlace(tracked);
      if (flow.packetType !== 'unicast' && flow.direction === 'rx') {
        addToGroup(groups, tracked);
        continue;
      }
      owners.set(tracked.owner.id, tracked.owner);
      addTo(rows, rowKey(tracked), tracked, tracked.owner.id);
    }
    for (const listeners of groups.values()) {
      const loudest = [...listeners.values()].reduce((a, b) => (b.rxBytes > a.rxBytes ? b : a));
      rows.set(`group ${rows.size}`, loudest);
      owners.set(GROUP_OWNER.id, GROUP_OWNER);
    }
    return { rows: [...rows.values()], positions, owners: [...owners.values()] };
  }

  /** The drafts are in the database now. */
  accept(): void {
    for (const tracked of this.#changed) {
      tracked.committedBytes = tracked.readBytes;
      tracked.committedPackets = tracked.readPackets;
    }
    this.#changed.clear();
  }

  /** A counter that was removed from the kernel after its last value was committed. */
  forget(key: string): void {
    const tracked = this.#tracked.get(key);
    if (tracked !== undefined) this.#changed.delete(tracked);
    this.#tracked.delete(key);
    this.#committed.delete(key);
  }

  get size(): number {
    return this.#tracked.size;
  }

  #track(key: string, flow: FlowCounter): Tracked {
    const committed = this.#committed.get(key);
    const tracked: Tracked = {
      flow,
      committedBytes: committed?.bytes ?? 0,
      committedPackets: committed?.packets ?? 0,
      readBytes: committed?.bytes ?? 0,
      readPackets: committed?.packets ?? 0,
      owner: this.#rules.ownerOf(flow),
      place: this.#rules.place(flow),
      generation: this.#rules.placesGeneration(),
    };
    this.#committed.delete(key);
    this.#tracked.set(key, tracked);
    return tracked;
  }

  #refreshPlace(tracked: Tracked): void {
    const generation = this.#rules.placesGeneration();
    if (tracked.generation === generation) return;
    tracked.generation = generation;
    tracked.place = this.#rules.place(tracked.flow);
  }
}

function rowKey({ owner, flow, place }: Tracked): string {
  const { address, port, protocol } = flow.remote;
  return `${owner.id} ${address} ${port} ${protocol} ${place.class} ${place.link ?? ''}`;
}

function addTo(rows: Map<string, DraftRow>, key: string, tracked: Tracked, ownerId: string): void {
  let row = rows.get(key);
  if (row === undefined) {
    row = { ownerId, remote: tracked.flow.remote, ...tracked.place, ...noTraffic() };
    rows.set(key, row);
  }
  addDelta(row, tracked);
}

function addToGroup(groups: Map<string, Map<number, DraftRow>>, tracked: Tracked): void {
  const { netns, ifindex, remote, cgroupId } = tracked.flow;
  const key = `${netns} ${ifindex} ${remote.address} ${remote.port} ${remote.protocol}`;
  let listeners = groups.get(key);
  if (listeners === undefined) {
    listeners = new Map();
    groups.set(key, listeners);
  }
  let row = listeners.get(cgroupId);
  if (row === undefined) {
    row = { ownerId: GROUP_OWNER.id, remote, ...tracked.place, ...noTraffic() };
    listeners.set(cgroupId, row);
  }
  addDelta(row, tracked);
}

function addDelta(row: Traffic, tracked: Tracked): void {
  const bytes = tracked.readBytes - tracked.committedBytes;
  const packets = tracked.readPackets - tracked.committedPackets;
  if (tracked.flow.direction === 'rx') {
    row.rxBytes += bytes;
    row.rxPackets += packets;
  } else {
    row.txBytes += bytes;
    row.txPackets += packets;
  }
}
