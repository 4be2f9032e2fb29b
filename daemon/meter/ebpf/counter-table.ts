import type { FlowCounter } from './layout.js';

/**
 * Finds the counter that belongs to a binary key without making a string or an object for each key of each
 * sample: an open-addressing hash table over the keys' 32-bit words.
 */
export class CounterTable {
  readonly counters: FlowCounter[] = [];
  readonly #keyWords: number;
  readonly #decode: (key: Uint8Array) => FlowCounter;
  /** Index into `counters` plus one, 0 for an empty slot. */
  #slots = new Int32Array(256);
  #keys: Uint32Array;
  /** One key, for whoever reads it byte by byte: a view for each would be a heavy object. */
  readonly #key: Uint32Array;
  readonly #keyBytes: Uint8Array;

  constructor(keySize: number, decode: (key: Uint8Array) => FlowCounter) {
    this.#keyWords = keySize / 4;
    this.#decode = decode;
    this.#keys = new Uint32Array(this.#keyWords * 128);
    this.#key = new Uint32Array(this.#keyWords);
    this.#keyBytes = new Uint8Array(this.#key.buffer);
  }

  /** The counter of the key at `word` in `keys`, made when it is new. */
  find(keys: Uint32Array, word: number): FlowCounter {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(keys, word) & mask;
    for (;;) {
      const index = this.#slots[slot]! - 1;
      if (index < 0) return this.#insert(keys, word, slot);
      if (this.#equals(index, keys, word)) return this.counters[index]!;
      slot = (slot + 1) & mask;
    }
  }

  /** The bytes of a counter's key, valid until the next call. */
  keyAt(index: number): Uint8Array {
    copyWords(this.#keys, index * this.#keyWords, this.#key, 0, this.#keyWords);
    return this.#keyBytes;
  }

  /** Drops the counters at these indexes. The others keep their objects, not their indexes. */
  remove(indexes: ReadonlySet<number>): void {
    if (indexes.size === 0) return;
    const kept = this.counters.map((counter, index) => ({ counter, index }));
    const oldKeys = this.#keys;
    this.#keys = new Uint32Array(oldKeys.length);
    this.counters.length = 0;
    for (const { counter, index } of kept) {
      if (indexes.has(index)) continue;
      const words = this.#keyWords;
      copyWords(oldKeys, index * words, this.#keys, this.counters.length * words, words);
      this.counters.push(counter);
    }
    this.#rebuild(this.#slots.length);
  }

  #insert(keys: Uint32Array, word: number, slot: number): FlowCounter {
    const index = this.counters.length;
    const words = this.#keyWords;
    if ((index + 1) * words > this.#keys.length) {
      const larger = new Uint32Array(this.#keys.length * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    copyWords(keys, word, this.#keys, index * words, words);
    const counter = this.#decode(this.keyAt(index));
    this.counters.push(counter);
    this.#slots[slot] = index + 1;
    if (this.counters.length * 2 > this.#slots.length) this.#rebuild(this.#slots.length * 2);
    return counter;
  }

  #rebuild(size: number): void {
    this.#slots = new Int32Array(size);
    for (let index = 0; index < this.counters.length; index++) {
      let slot = this.#hash(this.#keys, index * this.#keyWords) & (size - 1);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (size - 1);
      this.#slots[slot] = index + 1;
    }
  }

  /** FNV-1a over words, with a last shuffle because the table uses only the lower bits. */
  #hash(keys: Uint32Array, word: number): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < this.#keyWords; i++) hash = Math.imul(hash ^ keys[word + i]!, 0x01000193);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #equals(index: number, keys: Uint32Array, word: number): boolean {
    const from = index * this.#keyWords;
    for (let i = 0; i < this.#keyWords; i++) if (this.#keys[from + i] !== keys[word + i]) return false;
    return true;
  }
}

function copyWords(from: Uint32Array, at: number, to: Uint32Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[toAt + i] = from[at + i]!;
}
