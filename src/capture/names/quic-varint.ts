/** QUIC's integers of variable length (RFC 9000, section 16). */
import { u16, u32 } from '../bytes.js';

/** Undefined when it is cut off. */
export function readVarint(
  bytes: Uint8Array,
  at: number,
  to: number,
): { value: number; end: number } | undefined {
  if (at >= to) return undefined;
  const length = 1 << (bytes[at]! >> 6);
  if (length > to - at) return undefined;
  const first = bytes[at]! & 0x3f;
  const end = at + length;
  if (length === 1) return { value: first, end };
  if (length === 2) return { value: (first << 8) | bytes[at + 1]!, end };
  const high = (first << 24) | (bytes[at + 1]! << 16) | u16(bytes, at + 2);
  return { value: length === 4 ? high : high * 2 ** 32 + u32(bytes, at + 4), end };
}
