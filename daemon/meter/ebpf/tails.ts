import type { Milliseconds } from '../../../src/units.js';
import { isErrno } from '../../sys/system-error.js';
import type { BpfMap } from './kernel/bpf-map.js';
import { COUNTER_SIZE, ENDING, FLOW_KEY_SIZE } from './layout.js';
import { MapReader } from './map-reader.js';

const IPPROTO_TCP = 6;
/** Quiet this long after either end's last word: only a repetition can follow. */
const SETTLE_MS = 2000;
/** Longer than a TIME_WAIT socket waits for the other end to close (TCP_TIMEWAIT_LEN is 60 s). */
const GIVEN_UP_NS = 65e9;
/** Longer than a slow link takes to answer: then the connection crosses none of the links that are followed. */
const ELSEWHERE_NS = 10e9;
const FIRST_CAPACITY = 256;

/**
 * Settles connections that have ended: what the links saw of one beyond what its socket saw is added to
 * `tails`, cumulative counters with the keys of `flows`. A connection is taken out of `endings` before it is
 * added, so that a crash in between can lose its last packets' owner but never count them twice.
 */
export class Tails {
  readonly #endings: BpfMap;
  readonly #tails: BpfMap;
  readonly #reader: MapReader;
  readonly #ending: Uint8Array;
  readonly #words: Uint32Array;
  readonly #settleNs: number;

  /** @param batches see {@link MapReader} */
  constructor(maps: { endings: BpfMap; tails: BpfMap }, settleMs: Milliseconds = SETTLE_MS, batches = true) {
    this.#settleNs = settleMs * 1e6;
    this.#endings = maps.endings;
    this.#tails = maps.tails;
    this.#reader = new MapReader(maps.endings, batches, FIRST_CAPACITY);
    this.#words = new Uint32Array(new ArrayBuffer(maps.endings.shape.valueSize));
    this.#ending = new Uint8Array(this.#words.buffer);
  }

  /**
   * @param monotonicNs CLOCK_MONOTONIC in nanoseconds; `Infinity` settles all connections
   * @returns whether any was settled, so that `tails` may have grown
   */
  settle(monotonicNs: number): boolean {
    const over: Uint8Array[] = [];
    this.#reader.read((keys, keyWord, values, valueWord) => {
      if (!this.#isOver(values, valueWord, monotonicNs)) return;
      over.push(new Uint8Array(keys.slice(keyWord, keyWord + this.#endings.shape.keySize / 4).buffer));
    });
    for (const key of over) {
      if (!this.#endings.take(key, this.#ending)) continue;
      for (const tx of [0, 1]) this.#addTail(key, tx);
    }
    return over.length > 0;
  }

  #isOver(words: Uint32Array, at: number, monotonicNs: number): boolean {
    const still = monotonicNs - u64(words, at, ENDING.movedAt);
    const spoken = [ENDING.reset, ENDING.remoteEnded, ENDING.reused].some(
      (offset) => u8(words, at, offset) !== 0,
    );
    if (spoken) return still >= this.#settleNs;
    const onALink = u64(words, at, ENDING.link + 8) + u64(words, at, ENDING.link + COUNTER_SIZE + 8) > 0;
    return still >= (onALink ? GIVEN_UP_NS : ELSEWHERE_NS);
  }

  #addTail(endingKey: Uint8Array, tx: number): void {
    const offset = tx * COUNTER_SIZE;
    const missed = (field: number): number =>
      u64(this.#words, 0, ENDING.link + offset + field) - u64(this.#words, 0, ENDING.socket + offset + field);
    const bytes = missed(0);
    const packets = missed(8);
    if (bytes <= 0 || packets <= 0) return;
    const key = this.#flowKey(endingKey, tx);
    const value = new Uint8Array(new ArrayBuffer(COUNTER_SIZE));
    const view = new DataView(value.buffer);
    this.#tails.lookup(key, value);
    view.setBigUint64(0, view.getBigUint64(0, true) + BigInt(bytes), true);
    view.setBigUint64(8, view.getBigUint64(8, true) + BigInt(packets), true);
    try {
      this.#tails.update(key, value);
    } catch (error) {
      // No room: these few packets stay without an owner, as all of them do where no link is followed.
      if (!isErrno(error, 'E2BIG', 'ENOMEM')) throw error;
    }
  }

  /** The `struct flow_key` that the connection was counted under. */
  #flowKey(endingKey: Uint8Array, tx: number): Uint8Array {
    const key = new Uint8Array(FLOW_KEY_SIZE);
    key.set(this.#ending.subarray(ENDING.cgroup, ENDING.cgroup + 16));
    key.set(endingKey.subarray(0, 16), 16);
    key.set(this.#ending.subarray(ENDING.ifindex, ENDING.ifindex + 6), 32);
    key[38] = IPPROTO_TCP;
    key[39] = this.#ending[ENDING.flags]! | tx;
    return key;
  }
}

/** @param at first word of a structure, `offset` a byte offset in it */
function u64(words: Uint32Array, at: number, offset: number): number {
  const word = at + offset / 4;
  return words[word]! + words[word + 1]! * 0x1_0000_0000;
}

function u8(words: Uint32Array, at: number, offset: number): number {
  return (words[at + (offset >> 2)]! >> ((offset & 3) * 8)) & 0xff;
}
