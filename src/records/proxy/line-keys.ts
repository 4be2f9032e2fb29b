/**
 * Keys of requests, the same whenever the same lines are read again, be the file grown, rotated or compressed. A line
 * that is there twice gets a number, since both are true; numbers count within one file from its start.
 */
export class LineKeys {
  #seen = new Map<string, number>();
  #before = new Map<string, number>();

  keyOf(text: string): string {
    const hash = hash64(text);
    const times = (this.#seen.get(hash) ?? this.#before.get(hash) ?? 0) + 1;
    this.#seen.set(hash, times);
    // Equal lines lie near each other: what is long ago is forgotten, so that memory stays flat.
    if (this.#seen.size >= MOST_SEEN) {
      this.#before = this.#seen;
      this.#seen = new Map();
    }
    return times === 1 ? hash : `${hash}.${times}`;
  }
}

const MOST_SEEN = 32_768;

/** Two rounds of FNV-1a of 32 bits with different starts: 64 bits, and no need of a library. */
function hash64(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ (code + at), 0x85ebca6b);
    b ^= b >>> 13;
  }
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}
