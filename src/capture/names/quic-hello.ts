/** A ClientHello in the CRYPTO frames of Initial packets (RFC 9000, sections 12.4 and 19.6). */
import { copyOf } from '../bytes.js';
import { readVarint } from './quic-varint.js';

const LONGEST_HELLO = 16_384;
const MOST_PIECES = 64;

/** A handshake message that comes in pieces in any order. */
export class HelloPieces {
  private readonly pieces: { offset: number; bytes: Uint8Array }[] = [];

  put(offset: number, bytes: Uint8Array): void {
    if (offset + bytes.length > LONGEST_HELLO || this.pieces.length === MOST_PIECES) return;
    this.pieces.push({ offset, bytes: copyOf(bytes) });
    this.pieces.sort((one, other) => one.offset - other.offset);
  }

  /** What is there without a gap from the start on. */
  prefix(): Uint8Array {
    const bytes = new Uint8Array(LONGEST_HELLO);
    let length = 0;
    for (const piece of this.pieces) {
      if (piece.offset > length) break;
      bytes.set(piece.bytes, piece.offset);
      length = Math.max(length, piece.offset + piece.bytes.length);
    }
    return bytes.subarray(0, length);
  }
}

/** Puts the CRYPTO frames' data where it belongs; false when there was none. */
export function collectHello(payload: Uint8Array, cryptoFrame: number, hello: HelloPieces): boolean {
  let found = false;
  let at = 0;
  while (at < payload.length) {
    const type = payload[at]!;
    at += 1;
    // Padding and ping.
    if (type === 0 || type === 1) continue;
    if (type === 2 || type === 3) {
      const end = skipAck(payload, at, type === 3);
      if (end === undefined) return found;
      at = end;
      continue;
    }
    if (type !== cryptoFrame) return found;
    const offset = readVarint(payload, at, payload.length);
    const length = offset && readVarint(payload, offset.end, payload.length);
    if (offset === undefined || length === undefined || length.value > payload.length - length.end)
      return found;
    at = length.end + length.value;
    hello.put(offset.value, payload.subarray(length.end, at));
    found = true;
  }
  return found;
}

function skipAck(payload: Uint8Array, from: number, withCounts: boolean): number | undefined {
  let at = from;
  let fields = 4;
  for (let i = 0; i < fields; i++) {
    const field = readVarint(payload, at, payload.length);
    if (field === undefined) return undefined;
    // Largest, delay, number of ranges, first range; then a gap and a length for each range.
    if (i === 2) fields = 4 + Math.min(field.value, payload.length) * 2 + (withCounts ? 3 : 0);
    at = field.end;
  }
  return at;
}
