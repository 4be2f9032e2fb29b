/** Repeatable damage to bytes. */

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32, public domain, Tommy Ettinger). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const INTERESTING = [0, 1, 2, 4, 5, 6, 0x0f, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff];

/** A few changes: bytes overwritten, bits flipped, pieces removed, repeated, or the end cut off. */
export function mutate(seed: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const changes = 1 + below(6);
  for (let i = 0; i < changes && bytes.length > 0; i++) {
    const at = below(bytes.length);
    const kind = below(8);
    if (kind <= 2) bytes[at] = below(256);
    else if (kind === 3) bytes[at] = INTERESTING[below(INTERESTING.length)]!;
    else if (kind === 4) bytes[at]! ^= 1 << below(8);
    else if (kind === 5)
      bytes.fill(INTERESTING[below(INTERESTING.length)]!, at, Math.min(bytes.length, at + 1 + below(4)));
    else if (kind === 6) bytes = bytes.subarray(0, at);
    else {
      const length = below(Math.min(64, bytes.length - at));
      const piece = bytes.subarray(at, at + length);
      const rest = bytes.subarray(below(2) === 0 ? at : at + length);
      bytes = Buffer.concat([bytes.subarray(0, at), below(2) === 0 ? piece : Buffer.alloc(0), rest]);
    }
  }
  return bytes;
}
