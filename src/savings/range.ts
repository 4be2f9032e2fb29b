import type { Bytes } from '../units.js';
import type { Range } from './types.js';

/** Bytes on the wire per byte of content: TCP/IP headers at 1,500 bytes a packet (52 per 1,448), acknowledgements. */
const WIRE_PER_BYTE = 1.038;
/** With small packets, TLS records and HTTP headers. */
const MOST_WIRE_PER_BYTE = 1.08;
/** Manifests, indexes, handshakes. */
const BESIDES: Bytes = 64 << 10;

export function exactly(bytes: Bytes): Range {
  const whole = Math.round(bytes);
  return { bytes: whole, lowBytes: whole, highBytes: whole };
}

/** What content of that size takes on the wire. */
export function onTheWire(content: Range): Range {
  return {
    bytes: Math.round(content.bytes * WIRE_PER_BYTE),
    lowBytes: Math.round(content.lowBytes),
    highBytes: Math.round(content.highBytes * MOST_WIRE_PER_BYTE + BESIDES),
  };
}

export function plus(a: Range, b: Range): Range {
  return {
    bytes: a.bytes + b.bytes,
    lowBytes: a.lowBytes + b.lowBytes,
    highBytes: a.highBytes + b.highBytes,
  };
}

/** `a - b`: the lowest difference is that of a's lowest and b's highest. */
export function minus(a: Range, b: Range): Range {
  return {
    bytes: a.bytes - b.bytes,
    lowBytes: a.lowBytes - b.highBytes,
    highBytes: a.highBytes - b.lowBytes,
  };
}

/** A step costs cold what it took warm at least. */
export function atLeast(range: Range, floor: Bytes): Range {
  return {
    bytes: Math.max(range.bytes, floor),
    lowBytes: Math.max(range.lowBytes, floor),
    highBytes: Math.max(range.highBytes, floor),
  };
}

/** The median of several, from the lowest to the highest of them. */
export function middleOf(ranges: readonly Range[]): Range {
  return {
    bytes: Math.round(median(ranges.map((range) => range.bytes))),
    lowBytes: Math.min(...ranges.map((range) => range.lowBytes)),
    highBytes: Math.max(...ranges.map((range) => range.highBytes)),
  };
}

/** Of one number at least. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
