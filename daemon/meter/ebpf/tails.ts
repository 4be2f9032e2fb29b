import type { Milliseconds } from '../../../src/units.js';
import type { BpfMap } from './kernel/bpf-map.js';
import { COUNTER_SIZE, ENDING, FLOW_KEY_SIZE } from './layout.js';

const IPPROTO_TCP = 6;
/** Quiet this long after either end's last word: only a repetition can follow. */
const SETTLE_MS = 2000;
/** Longer than a TIME_WAIT socket waits for the other end to close (TCP_TIMEWAIT_LEN is 60 s). */
const GIVEN_UP_NS = 65e9;

/**
 * Settles connections that have ended: what the links saw of one beyond what its socket saw is added to
 * `tails`, cumulative counters with the keys of `flows`. A connection is taken out of `endings` before it is
 * added, so that a crash in between can lose two packets' owner but never count them twice.
 */
export class Tails {
  readonly #endings: BpfMap;
  readonly #tails: BpfMap;
  readonly #ending: Uint8Array;
  readonly #view: DataView;
  readonly #settleNs: number;

  constructor(maps: { endings: BpfMap; tails: BpfMap }, settleMs: Milliseconds = SETTLE_MS) {
    this.#settleNs = settleMs * 1e6;
    this.#endings = maps.endings;
    this.#tails = maps.tails;
    this.#ending = new Uint8Array(new ArrayBuffer(maps.endings.shape.valueSize));
    this.#view = new DataView(this.#ending.buffer);
  }

  /** @param monotonicNs CLOCK_MONOTONIC in nanoseconds; `Infinity` settles all connections */
  settle(monotonicNs: number): void {
    for (const key of this.#keys()) {
      if (!this.#endings.lookup(key, this.#ending) || !this.#isOver(monotonicNs)) continue;
      if (!this.#endings.take(key, this.#ending)) continue;
      for (const tx of [0, 1]) this.#addTail(key, tx);
    }
  }

  /** All keys first: removing one would send a walk back to its start. */
  #keys(): Uint8Array[] {
    const keys: Uint8Array[] = [];
    const key = new Uint8Array(new ArrayBuffer(this.#endings.shape.keySize));
    const most = this.#endings.shape.maxEntries;
    let more = this.#endings.nextKey(undefined, key);
    while (more && keys.length < most) {
      keys.push(key.slice());
      more = this.#endings.nextKey(key, key);
    }
    return keys;
  }

  #isOver(monotonicNs: number): boolean {
    const still = monotonicNs - this.#u64(ENDING.movedAt);
    const lastWords = [ENDING.reset, ENDING.remoteEnded, ENDING.reused];
    const spoken = lastWords.some((offset) => this.#ending[offset] !== 0);
    return still >= (spoken ? this.#settleNs : GIVEN_UP_NS);
  }

  #addTail(endingKey: Uint8Array, tx: number): void {
    const at = tx * COUNTER_SIZE;
    const bytes = this.#u64(ENDING.link + at) - this.#u64(ENDING.socket + at);
    const packets = this.#u64(ENDING.link + at + 8) - this.#u64(ENDING.socket + at + 8);
    if (bytes <= 0 || packets <= 0) return;
    const key = new Uint8Array(FLOW_KEY_SIZE);
    key.set(this.#ending.subarray(ENDING.cgroup, ENDING.cgroup + 16));
    key.set(endingKey.subarray(0, 16), 16);
    key.set(this.#ending.subarray(ENDING.ifindex, ENDING.ifindex + 6), 32);
    key[38] = IPPROTO_TCP;
    key[39] = this.#ending[ENDING.flags]! | tx;
    const value = new Uint8Array(new ArrayBuffer(COUNTER_SIZE));
    const view = new DataView(value.buffer);
    this.#tails.lookup(key, value);
    view.setBigUint64(0, view.getBigUint64(0, true) + BigInt(bytes), true);
    view.setBigUint64(8, view.getBigUint64(8, true) + BigInt(packets), true);
    this.#tails.update(key, value);
  }

  #u64(offset: number): number {
    return this.#view.getUint32(offset, true) + this.#view.getUint32(offset + 4, true) * 0x1_0000_0000;
  }
}
