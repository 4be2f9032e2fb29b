/**
 * Keys of requests, the same whenever the same lines are read again, be the file grown, rotated or compressed. A line
 * that is there twice gets a number, since both are true; numbers count within one file from its start.
 */
export class LineKeys {
  #seen = new HashCounts();
  #before = new HashCounts();

  keyOf(text: string): string {
    // Two rounds of FNV-1a of 32 bits with different starts: 64 bits, and no need of a library.
    let a = 0x811c9dc5;
    let b = 0x9747b28c;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ (code + at), 0x85ebca6b);
      b ^= b >>> 13;
    }
    const times = (this.#seen.get(a, b) || this.#before.get(a, b)) + 1;
    this.#seen.set(a, b, times);
    // Equal lines lie near each other: what is long ago is forgotten, so that memory stays flat.
    if (this.#seen.size >= MOST_SEEN) [this.#seen, this.#before] = [this.#before.cleared(), this.#seen];
    const hash = hex(a) + hex(b);
    return times === 1 ? hash : `${hash}.${times}`;
  }
}

const MOST_SEEN = 32_768;
/** A power of two, well over what is kept. */
const SLOTS = 2 * MOST_SEEN;
/** Of each hash, its two halves and how often it was seen. */
const WORDS = 3;

/** How often hashes were seen, without an object for each: the first free slot behind a hash's own is its. */
class HashCounts {
  readonly #slots = new Uint32Array(SLOTS * WORDS);
  size = 0;

  /** 0 for what was never set. */
  get(a: number, b: number): number {
    return this.#slots[this.#slotOf(a, b) + 2]!;
  }

  set(a: number, b: number, times: number): void {
    const slots = this.#slots;
    const slot = this.#slotOf(a, b);
    if (slots[slot + 2] === 0) this.size += 1;
    slots[slot] = a;
    slots[slot + 1] = b;
    slots[slot + 2] = times;
  }

  cleared(): this {
    this.#slots.fill(0);
    this.size = 0;
    return this;
  }

  #slotOf(a: number, b: number): number {
    const slots = this.#slots;
    for (let slot = a & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const at = slot * WORDS;
      if (slots[at + 2] === 0 || (slots[at] === a >>> 0 && slots[at + 1] === b >>> 0)) return at;
    }
  }
}

const HEX = Array.from({ length: 0x10000 }, (_, number) => number.toString(16).padStart(4, '0'));

function hex(word: number): string {
  return HEX[word >>> 16]! + HEX[word & 0xffff]!;
}
