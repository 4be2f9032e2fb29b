/** pcapng's interfaces: link type, resolution and offset of their clocks. */
import type { EpochMs } from '../units.js';
import type { ByteOrder } from './bytes.js';

export interface CaptureInterface {
  linkType: number;
  /** Bytes kept of each packet; 0 means all. */
  snapLength: number;
  /** Units of its time stamps per millisecond. */
  ticksPerMs: number;
  /** Added to its time stamps. */
  offsetMs: number;
}

/** The largest time that `Date` knows. */
const LAST_MS = 8.64e15;

/** @param body of an interface description block, behind the block's type and length */
export function readInterface(
  body: Uint8Array,
  from: number,
  to: number,
  order: ByteOrder,
): CaptureInterface | undefined {
  if (to - from < 8) return undefined;
  const found: CaptureInterface = {
    linkType: order.u16(body, from),
    snapLength: order.u32(body, from + 4),
    ticksPerMs: 1000,
    offsetMs: 0,
  };
  eachOption(body, from + 8, to, order, (code, at, length) => {
    if (code === 9 && length === 1) found.ticksPerMs = ticksPerMs(body[at]!);
    if (code === 14 && length === 8) found.offsetMs = signed64(body, at, order) * 1000;
  });
  return found;
}

/** Option if_tsresol: a negative power of 10, or of 2 when the highest bit is set. */
function ticksPerMs(resolution: number): number {
  const exponent = resolution & 0x7f;
  return (resolution & 0x80 ? 2 ** exponent : 10 ** exponent) / 1000;
}

function signed64(bytes: Uint8Array, at: number, order: ByteOrder): number {
  const first = order.u32(bytes, at);
  const second = order.u32(bytes, at + 4);
  const bigEndian = order.u16(new Uint8Array([0, 1]), 0) === 1;
  const high = bigEndian ? first : second;
  const low = bigEndian ? second : first;
  return (high | 0) * 2 ** 32 + low;
}

export function timeOf(high: number, low: number, clock: CaptureInterface): EpochMs | undefined {
  const at = (high * 2 ** 32 + low) / clock.ticksPerMs + clock.offsetMs;
  return Number.isFinite(at) && Math.abs(at) <= LAST_MS ? at : undefined;
}

/** Calls back for each option that fits in; stops at the first that does not, and at the end marker. */
export function eachOption(
  body: Uint8Array,
  from: number,
  to: number,
  order: ByteOrder,
  option: (code: number, at: number, length: number) => void,
): void {
  let at = from;
  while (to - at >= 4) {
    const code = order.u16(body, at);
    const length = order.u16(body, at + 2);
    at += 4;
    if (code === 0 || length > to - at) return;
    option(code, at, length);
    at += padded(length);
  }
}

/** Everything in pcapng starts at a multiple of four bytes. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}
