import { readFileSync } from 'node:fs';
import { isErrno } from '../../sys/system-error.js';
import { BatchCursor, type BpfMap } from './kernel/bpf-map.js';
import type { FlowCounter } from './layout.js';
import { decodeSlot, OVERFLOW_SLOTS } from './layout.js';

/** What was counted without its remote because there was no room; nothing of it is missing in the sums. */
export interface OverflowCounts {
  /** Counters of cgroups that took over. */
  byCgroup: { entries: number; bytes: number; packets: number };
  /** Counted for the machine only: not even the cgroup is known. */
  inTotal: { bytes: number; packets: number };
}

/** Reads `last_resort`: for each slot one value per possible CPU, in one call where the kernel can (5.13). */
export class LastResort {
  readonly counters: readonly FlowCounter[];
  readonly #map: BpfMap;
  readonly #cursor: BatchCursor;
  readonly #keys = new Uint32Array(new ArrayBuffer(4 * OVERFLOW_SLOTS));
  /** Of all slots, in their order. */
  readonly #values: Uint32Array;
  #batches: boolean;

  /** @param batches false reads slot by slot even where the kernel knows batches */
  constructor(map: BpfMap, cpus: number, batches = true) {
    this.#map = map;
    this.#cursor = new BatchCursor(map);
    this.#batches = batches;
    this.#values = new Uint32Array(new ArrayBuffer(OVERFLOW_SLOTS * cpus * map.shape.valueSize));
    this.counters = Array.from({ length: OVERFLOW_SLOTS }, (_, slot) => decodeSlot(slot));
  }

  /** True as long as the kernel has not refused to read in batches. */
  get readsInBatches(): boolean {
    return this.#batches;
  }

  /** @param onCounter called with the counters that are not zero and their new values */
  read(onCounter: (counter: FlowCounter, bytes: number, packets: number) => void): void {
    if (!this.#readBatch()) this.#readSingly();
    const width = this.#values.length / OVERFLOW_SLOTS;
    for (const [slot, counter] of this.counters.entries()) {
      let bytes = 0;
      let packets = 0;
      for (let at = slot * width; at < (slot + 1) * width; at += 4) {
        bytes += this.#values[at]! + this.#values[at + 1]! * 0x1_0000_0000;
        packets += this.#values[at + 2]! + this.#values[at + 3]! * 0x1_0000_0000;
      }
      if (packets > 0) onCounter(counter, bytes, packets);
    }
  }

  /** @returns false when this kernel cannot */
  #readBatch(): boolean {
    if (!this.#batches) return false;
    this.#cursor.rewind();
    try {
      this.#cursor.next(bytesOf(this.#keys), bytesOf(this.#values), OVERFLOW_SLOTS);
    } catch (error) {
      if (!isErrno(error, 'EINVAL', 'ENOTSUPP', 'EOPNOTSUPP')) throw error;
      this.#batches = false;
    }
    return this.#batches;
  }

  #readSingly(): void {
    const key = new Uint32Array(1);
    const width = this.#values.byteLength / OVERFLOW_SLOTS;
    for (let slot = 0; slot < OVERFLOW_SLOTS; slot++) {
      key[0] = slot;
      this.#map.lookup(bytesOf(key), bytesOf(this.#values).subarray(slot * width, (slot + 1) * width));
    }
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
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
