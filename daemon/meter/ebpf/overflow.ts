import { readFileSync } from 'node:fs';
import type { BpfMap } from './kernel/bpf-map.js';
import type { FlowCounter } from './layout.js';
import { decodeSlot, OVERFLOW_SLOTS } from './layout.js';

/** What was counted without its remote because there was no room; nothing of it is missing in the sums. */
export interface OverflowCounts {
  /** Counters of cgroups that took over. */
  byCgroup: { entries: number; bytes: number; packets: number };
  /** Counted for the machine only: not even the cgroup is known. */
  inTotal: { bytes: number; packets: number };
}

/** Reads `last_resort`: for each slot one value per possible CPU. */
export class LastResort {
  readonly counters: readonly FlowCounter[];
  readonly #map: BpfMap;
  readonly #key = new Uint32Array(new ArrayBuffer(4));
  readonly #values: Uint32Array;

  constructor(map: BpfMap, cpus: number) {
    this.#map = map;
    this.#values = new Uint32Array(new ArrayBuffer(cpus * map.shape.valueSize));
    this.counters = Array.from({ length: OVERFLOW_SLOTS }, (_, slot) => decodeSlot(slot));
  }

  /** @param onCounter called with the counters that are not zero and their new values */
  read(onCounter: (counter: FlowCounter, bytes: number, packets: number) => void): void {
    for (const [slot, counter] of this.counters.entries()) {
      this.#key[0] = slot;
      this.#map.lookup(new Uint8Array(this.#key.buffer), new Uint8Array(this.#values.buffer));
      let bytes = 0;
      let packets = 0;
      for (let at = 0; at < this.#values.length; at += 4) {
        bytes += this.#values[at]! + this.#values[at + 1]! * 0x1_0000_0000;
        packets += this.#values[at + 2]! + this.#values[at + 3]! * 0x1_0000_0000;
      }
      if (packets > 0) onCounter(counter, bytes, packets);
    }
  }
}

/** How many values a look-up in a per-CPU map returns: CPUs that could ever be there. */
export function possibleCpus(sysRoot = '/sys'): number {
  return countCpus(readFileSync(`${sysRoot}/devices/system/cpu/possible`, 'utf8'));
}

/** Counts a list such as `0-3,8`. */
export function countCpus(list: string): number {
  let count = 0;
  for (const range of list.trim().split(',')) {
    const [first, last] = range.split('-').map(Number);
    count += (last ?? first!) - first! + 1;
  }
  return count;
}
