import type { Milliseconds } from '../../../src/units.js';
import { CounterTable } from './counter-table.js';
import type { BpfMap } from './kernel/bpf-map.js';
import {
  CGROUP_KEY_SIZE,
  decodeCgroupKey,
  decodeFlowKey,
  decodeTailKey,
  FLOW_KEY_SIZE,
  type FlowCounter,
} from './layout.js';
import { MapReader, type OnEntry } from './map-reader.js';
import { LastResort, type OverflowCounts, possibleCpus } from './overflow.js';
import type { MeterMaps } from './programs.js';

/** All counters of one generation, with the values of the last time they were read. */
export class CounterSet {
  readonly flows: CounterMap;
  readonly cgroups: CounterMap;
  readonly tails: CounterMap;
  readonly #lastResort: LastResort;
  readonly #changed: FlowCounter[] = [];

  /** @param batches see {@link MapReader} */
  constructor(maps: MeterMaps, batches = true) {
    this.flows = new CounterMap(maps.flows, FLOW_KEY_SIZE, decodeFlowKey, batches);
    this.cgroups = new CounterMap(maps.by_cgroup, CGROUP_KEY_SIZE, decodeCgroupKey, batches);
    this.tails = new CounterMap(maps.tails, FLOW_KEY_SIZE, decodeTailKey, batches);
    this.#lastResort = new LastResort(maps.last_resort, possibleCpus(), batches);
  }

  /** The counters that a cgroup and, but for the overflow, a remote belong to. */
  get maps(): readonly CounterMap[] {
    return [this.flows, this.cgroups, this.tails];
  }

  /**
   * Reads everything.
   * @param tails false when they were not written since they were read: an empty table is walked through, too
   * @returns the counters that moved; the array is reused by the next call
   */
  read(now: Milliseconds, tails = true): readonly FlowCounter[] {
    const changed = this.#changed;
    changed.length = 0;
    const take = (counter: FlowCounter, bytes: number, packets: number): void => {
      if (counter.bytes === bytes && counter.packets === packets) return;
      counter.bytes = bytes;
      counter.packets = packets;
      counter.movedAt = now;
      changed.push(counter);
    };
    this.flows.read(take);
    this.cgroups.read(take);
    if (tails) this.tails.read(take);
    this.#lastResort.read(take);
    return changed;
  }

  overflow(): OverflowCounts {
    const byCgroup = this.cgroups.counters;
    return {
      byCgroup: { entries: byCgroup.length, ...sum(byCgroup) },
      inTotal: sum(this.#lastResort.counters),
    };
  }
}

type Take = (counter: FlowCounter, bytes: number, packets: number) => void;

/** One hash map of counters in the kernel, and what was last read of it. */
export class CounterMap {
  readonly map: BpfMap;
  readonly reader: MapReader;
  readonly #table: CounterTable;

  constructor(map: BpfMap, keySize: number, decode: (key: Uint8Array) => FlowCounter, batches: boolean) {
    this.map = map;
    this.reader = new MapReader(map, batches);
    this.#table = new CounterTable(keySize, decode);
  }

  get counters(): readonly FlowCounter[] {
    return this.#table.counters;
  }

  read(take: Take): void {
    const table = this.#table;
    const onEntry: OnEntry = (keys, keyWord, values, valueWord) => {
      const bytes = values[valueWord]! + values[valueWord + 1]! * 0x1_0000_0000;
      const packets = values[valueWord + 2]! + values[valueWord + 3]! * 0x1_0000_0000;
      take(table.find(keys, keyWord), bytes, packets);
    };
    this.reader.read(onEntry);
  }

  /**
   * Removes counters from the kernel, unless they moved since they were last read.
   * @returns those that were removed, with their last value
   */
  remove(isDead: (counter: FlowCounter) => boolean): FlowCounter[] {
    const value = new Uint32Array(new ArrayBuffer(16));
    const valueBytes = new Uint8Array(value.buffer);
    const removed: FlowCounter[] = [];
    const indexes = new Set<number>();
    for (const [index, counter] of this.#table.counters.entries()) {
      if (!isDead(counter)) continue;
      const key = this.#table.keyAt(index);
      if (!this.map.lookup(key, valueBytes) || wordsToNumber(value, 0) !== counter.bytes) continue;
      if (!this.map.take(key, valueBytes)) continue;
      counter.bytes = wordsToNumber(value, 0);
      counter.packets = wordsToNumber(value, 2);
      removed.push(counter);
      indexes.add(index);
    }
    this.#table.remove(indexes);
    return removed;
  }
}

function wordsToNumber(words: Uint32Array, at: number): number {
  return words[at]! + words[at + 1]! * 0x1_0000_0000;
}

function sum(counters: readonly FlowCounter[]): { bytes: number; packets: number } {
  const total = { bytes: 0, packets: 0 };
  for (const counter of counters) {
    total.bytes += counter.bytes;
    total.packets += counter.packets;
  }
  return total;
}
