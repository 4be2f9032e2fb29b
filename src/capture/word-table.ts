/**
 * A hash table whose keys are a fixed number of 32-bit words, numbered in the order they came. Looking up
 * makes no object and no string, which is most of what analysing a packet would cost.
 */

/** Packets choose the keys: crafted ones must not make every look-up walk the whole table. */
const MOST_PROBES = 1024;

export class WordTable {
  /** Entries are numbered from 0 to `count` - 1. */
  count = 0;
  private slots = new Int32Array(64);
  private words: Int32Array;

  constructor(
    private readonly width: number,
    /** Entries at most. */
    private readonly limit: number,
  ) {
    this.words = new Int32Array(width * 32);
  }

  /** The entry's number, also of one made now; -1 when there is no room for another. */
  indexOf(key: Int32Array): number {
    const mask = this.slots.length - 1;
    let slot = hash(key, this.width) & mask;
    for (let probes = 0; probes < MOST_PROBES; probes++) {
      const entry = this.slots[slot]!;
      if (entry === 0) return this.add(key, slot);
      if (this.equals(entry - 1, key)) return entry - 1;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  /** A word of an entry's key. */
  word(index: number, place: number): number {
    return this.words[index * this.width + place]!;
  }

  private add(key: Int32Array, slot: number): number {
    if (this.count === this.limit) return -1;
    const index = this.count;
    if ((index + 1) * this.width > this.words.length) {
      const larger = new Int32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    for (let i = 0; i < this.width; i++) this.words[index * this.width + i] = key[i]!;
    this.slots[slot] = index + 1;
    this.count += 1;
    if (this.count * 2 > this.slots.length) this.spread();
    return index;
  }

  private spread(): void {
    const slots = new Int32Array(this.slots.length * 2);
    const mask = slots.length - 1;
    const key = new Int32Array(this.width);
    for (let index = 0; index < this.count; index++) {
      for (let i = 0; i < this.width; i++) key[i] = this.word(index, i);
      let slot = hash(key, this.width) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.slots = slots;
  }

  private equals(index: number, key: Int32Array): boolean {
    const at = index * this.width;
    for (let i = 0; i < this.width; i++) if (this.words[at + i] !== key[i]) return false;
    return true;
  }
}

/** Multiply and shift, as MurmurHash3 mixes (public domain, Austin Appleby). */
function hash(key: Int32Array, width: number): number {
  let value = 0x9e3779b9 | 0;
  for (let i = 0; i < width; i++) {
    let mixed = Math.imul(key[i]!, 0xcc9e2d51 | 0);
    mixed = (mixed << 15) | (mixed >>> 17);
    value ^= Math.imul(mixed, 0x1b873593);
    value = (value << 13) | (value >>> 19);
    value = (Math.imul(value, 5) + 0xe6546b64) | 0;
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b | 0);
  return value ^ (value >>> 13);
}
