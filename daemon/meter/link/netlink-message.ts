/**
 * The framing of netlink (RFC 3549 section 2.2, linux/netlink.h): messages in a datagram, attributes in a
 * message. Everything is in the machine's byte order, which is little-endian on all that netmeter runs on.
 * Lengths are checked before they are used: what does not fit is an error, never a value.
 */
import { NetmeterError } from '../../../src/errors.js';

/** A part of a datagram. Valid until the socket receives again. */
export interface Span {
  bytes: Uint8Array;
  view: DataView;
  from: number;
  /** Exclusive. */
  to: number;
}

export interface NetlinkMessage {
  type: number;
  flags: number;
  sequence: number;
  payload: Span;
}

const MESSAGE_HEADER = 16;
const ATTRIBUTE_HEADER = 4;
/** NLA_TYPE_MASK: the upper two bits say how an attribute is encoded, not which one it is. */
const ATTRIBUTE_TYPE = 0x3fff;

/** @throws NetmeterError `unreadable-input` when a message claims more bytes than there are */
export function eachMessage(datagram: Uint8Array, visit: (message: NetlinkMessage) => void): void {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  for (let at = 0; at < datagram.length; ) {
    const left = datagram.length - at;
    if (left < MESSAGE_HEADER) throw malformed('message', at, left, MESSAGE_HEADER);
    const length = view.getUint32(at, true);
    if (length < MESSAGE_HEADER || length > left) throw malformed('message', at, length, left);
    visit({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      payload: { bytes: datagram, view, from: at + MESSAGE_HEADER, to: at + length },
    });
    at += aligned(length);
  }
}

/**
 * Visits the attributes that start at `skip` bytes into the span, after a fixed header.
 * @throws NetmeterError `unreadable-input` when an attribute claims more bytes than there are
 */
export function eachAttribute(span: Span, skip: number, visit: (type: number, value: Span) => void): void {
  const { bytes, view, to } = span;
  need(span, skip);
  for (let at = span.from + aligned(skip); at < to; ) {
    const left = to - at;
    if (left < ATTRIBUTE_HEADER) throw malformed('attribute', at, left, ATTRIBUTE_HEADER);
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER || length > left) throw malformed('attribute', at, length, left);
    const type = view.getUint16(at + 2, true) & ATTRIBUTE_TYPE;
    visit(type, { bytes, view, from: at + ATTRIBUTE_HEADER, to: at + length });
    at += aligned(length);
  }
}

export function readU8(span: Span, offset = 0): number {
  need(span, offset + 1);
  return span.view.getUint8(span.from + offset);
}

export function readU16(span: Span, offset = 0): number {
  need(span, offset + 2);
  return span.view.getUint16(span.from + offset, true);
}

export function readU32(span: Span, offset = 0): number {
  need(span, offset + 4);
  return span.view.getUint32(span.from + offset, true);
}

export function readI32(span: Span, offset = 0): number {
  need(span, offset + 4);
  return span.view.getInt32(span.from + offset, true);
}

/** Exact below 2^53. */
export function readU64(span: Span, offset = 0): number {
  need(span, offset + 8);
  const at = span.from + offset;
  return span.view.getUint32(at, true) + span.view.getUint32(at + 4, true) * 0x1_0000_0000;
}

/** Text up to its terminating zero, or to the span's end. */
export function readText(span: Span): string {
  const bytes = span.bytes.subarray(span.from, span.to);
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** A copy, which stays valid. */
export function readBytes(span: Span): Uint8Array {
  return span.bytes.slice(span.from, span.to);
}

export function lengthOf(span: Span): number {
  return span.to - span.from;
}

/** Encodes a message: a fixed header of its type, then attributes. */
export function encodeMessage(
  type: number,
  flags: number,
  sequence: number,
  header: Uint8Array,
  attributes: readonly [type: number, value: Uint8Array][] = [],
): Uint8Array {
  const sizes = attributes.map(([, value]) => aligned(ATTRIBUTE_HEADER + value.length));
  const total = sizes.reduce((sum, size) => sum + size, MESSAGE_HEADER + aligned(header.length));
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, total, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  bytes.set(header, MESSAGE_HEADER);
  let at = MESSAGE_HEADER + aligned(header.length);
  attributes.forEach(([attribute, value], index) => {
    view.setUint16(at, ATTRIBUTE_HEADER + value.length, true);
    view.setUint16(at + 2, attribute, true);
    bytes.set(value, at + ATTRIBUTE_HEADER);
    at += sizes[index]!;
  });
  return bytes;
}

/** A 32-bit attribute value. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Everything in netlink starts at a multiple of four. */
function aligned(length: number): number {
  return (length + 3) & ~3;
}

function need(span: Span, bytes: number): void {
  if (span.from + bytes > span.to) throw malformed('value', span.from, bytes, span.to - span.from);
}

function malformed(what: string, at: number, claimed: number, left: number): NetmeterError {
  const text = `netlink ${what} at byte ${at} takes ${claimed} bytes, and ${left} are left`;
  return new NetmeterError('unreadable-input', text);
}
