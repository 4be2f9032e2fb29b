/**
 * pipeline: from samples to committed rows. The flow ledger turns the exact tier's cumulative
 * flow counters into rows with an owner, a class and a link. A delta is made against the last
 * position that was committed, not the last one read: when a commit fails, the next tick's delta
 * simply covers both, so nothing is lost and nothing is kept in a queue.
 */

import { type GroupDelta, onceOnTheWire } from '../../src/metering/group-traffic.js';
import type { CounterPosition, Owner, TrafficClass, TrafficRow } from '../../src/metering/types.js';
import { noTraffic, type Traffic } from '../../src/units.js';
import type { FlowCounter } from '../meter/ebpf/ebpf-meter.js';

/** A row that does not know its interval and tier yet. */
export type DraftRow = Omit<TrafficRow, 'interval' | 'tier'>;

/** Where a flow's other end is, and the uplink on the way there. */
export interface FlowPlace {
  class: TrafficClass;
  /** Name of the proxy, for class `proxy`. */
  proxy?: string | undefined;
  link: string | undefined;
}

export interface FlowRules {
  ownerOf(flow: FlowCounter): Owner;
  place(flow: FlowCounter): FlowPlace;
  /** Changes when routes, addresses or proxies changed, so that places must be looked up anew. */
  placesGeneration(): number;
}

interface GroupRow extends GroupDelta {
  row: DraftRow;
}

interface Tracked {
  flow: FlowCounter;
  committedBytes: number;
  committedPackets: number;
  readBytes: number;
  readPackets: number;
  place: FlowPlace;
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

  /** Takes a counter's cumulative value. */
  read(flow: FlowCounter): void {
    const tracked = this.#tracked.get(flow.key) ?? this.#track(flow);
    if (flow.bytes === tracked.readBytes && flow.packets === tracked.readPackets) return;
    tracked.readBytes = flow.bytes;
    tracked.readPackets = flow.packets;
    this.#changed.add(tracked);
  }

  /**
   * Takes a value for where counting begins: what came before was not metered, and nobody knows over which
   * time. It is stored with the next commit.
   */
  begin(flow: FlowCounter): void {
    const tracked = this.#track(flow);
    tracked.committedBytes = flow.bytes;
    tracked.committedPackets = flow.packets;
    tracked.readBytes = flow.bytes;
    tracked.readPackets = flow.packets;
    this.#changed.add(tracked);
  }

  /** Stored positions of counters that the kernel has no more. Ask after the first sample. */
  leftovers(): string[] {
    const keys = [...this.#committed.keys()];
    this.#committed.clear();
    return keys;
  }

  /** What moved since the last commit, as rows, and the positions that a commit of them would reach. */
  drafts(): { rows: DraftRow[]; positions: CounterPosition[] } {
    const rows = new Map<string, DraftRow>();
    const groups: GroupRow[] = [];
    const positions: CounterPosition[] = [];
    for (const tracked of this.#changed) {
      const { flow } = tracked;
      positions.push({ key: flow.key, bytes: tracked.readBytes, packets: tracked.readPackets });
      if (tracked.readBytes === tracked.committedBytes) continue;
      this.#refreshPlace(tracked);
      if (flow.packetType !== 'unicast' && flow.direction === 'rx') {
        groups.push(groupRow(tracked));
        continue;
      }
      const ownerId = this.#rules.ownerOf(flow).id;
      addTo(rows, rowKey(tracked, ownerId), tracked, ownerId);
    }
    for (const [index, { row }] of onceOnTheWire(groups).entries()) rows.set(`group ${index}`, row);
    return { rows: [...rows.values()], positions };
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

  #track(flow: FlowCounter): Tracked {
    const { key } = flow;
    const committed = this.#committed.get(key);
    const tracked: Tracked = {
      flow,
      committedBytes: committed?.bytes ?? 0,
      committedPackets: committed?.packets ?? 0,
      readBytes: committed?.bytes ?? 0,
      readPackets: committed?.packets ?? 0,
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

function rowKey({ flow, place }: Tracked, ownerId: string): string {
  const { address, port, protocol } = flow.remote;
  return `${ownerId} ${address} ${port} ${protocol} ${place.class} ${place.link ?? ''} ${place.proxy ?? ''}`;
}

function addTo(rows: Map<string, DraftRow>, key: string, tracked: Tracked, ownerId: string): void {
  let row = rows.get(key);
  if (row === undefined) {
    row = { ownerId, remote: tracked.flow.remote, ...tracked.place, ...noTraffic() };
    rows.set(key, row);
  }
  addDelta(row, tracked);
}

function groupRow(tracked: Tracked): GroupRow {
  const { netns, ifindex, remote, cgroupId } = tracked.flow;
  const row = { ownerId: GROUP_OWNER.id, remote, ...tracked.place, ...noTraffic() };
  addDelta(row, tracked);
  return { netns, ifindex, remote, cgroupId, rxBytes: row.rxBytes, rxPackets: row.rxPackets, row };
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
