/** The server name that a TLS client asks for (RFC 8446, section 4.1.2; RFC 6066, section 3). */
import { concat, printable, u16, u24 } from '../bytes.js';

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;

/** How reading a message from a stream went: found or not to be found, or more bytes are needed. */
export type Reading = { done: true; name: string | undefined } | { done: false };

const NOTHING: Reading = { done: true, name: undefined };
const MORE: Reading = { done: false };

export function looksLikeClientHello(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 3 || bytes[from] !== HANDSHAKE || bytes[from + 1] !== 3 || bytes[from + 2]! > 4)
    return false;
  return to - from <= RECORD_HEADER || bytes[from + RECORD_HEADER] === CLIENT_HELLO;
}

/** From the start of a ClientHello's first record; it may be spread over several records. */
export function readClientHelloRecords(bytes: Uint8Array, from: number, to: number): Reading {
  let handshake: Uint8Array = new Uint8Array(0);
  let at = from;
  while (to - at >= RECORD_HEADER && bytes[at] === HANDSHAKE) {
    const length = u16(bytes, at + 3);
    const start = at + RECORD_HEADER;
    handshake = concat(handshake, bytes.subarray(start, Math.min(to, start + length)));
    const reading = readClientHello(handshake, 0, handshake.length);
    if (reading.done || length > to - start) return reading;
    at = start + length;
  }
  return to - at < RECORD_HEADER ? MORE : NOTHING;
}

/** From the handshake message's type on, as QUIC carries it without records. */
export function readClientHello(bytes: Uint8Array, from: number, to: number): Reading {
  if (to - from < HANDSHAKE_HEADER) return MORE;
  if (bytes[from] !== CLIENT_HELLO) return NOTHING;
  const end = from + HANDSHAKE_HEADER + u24(bytes, from + 1);
  const available = Math.min(to, end);
  const missing = end > to ? MORE : NOTHING;
  // Version and random, then three fields with a length: session, cipher suites, compression methods.
  let at = from + HANDSHAKE_HEADER + 34;
  if (at + 1 > available) return missing;
  at += 1 + bytes[at]!;
  if (at + 2 > available) return missing;
  at += 2 + u16(bytes, at);
  if (at + 1 > available) return missing;
  at += 1 + bytes[at]!;
  if (at + 2 > available) return missing;
  at += 2;
  while (available - at >= 4) {
    const type = u16(bytes, at);
    const next = at + 4 + u16(bytes, at + 2);
    if (next > available) return missing;
    if (type === SERVER_NAME) return { done: true, name: hostName(bytes, at + 4, next) };
    at = next;
  }
  return missing;
}

function hostName(bytes: Uint8Array, from: number, to: number): string | undefined {
  let at = from + 2;
  while (to - at >= 3) {
    const length = u16(bytes, at + 1);
    if (length > to - at - 3) return undefined;
    if (bytes[at] === HOST_NAME) return length === 0 ? undefined : printable(bytes, at + 3, at + 3 + length);
    at += 3 + length;
  }
  return undefined;
}
