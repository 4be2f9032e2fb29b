/** What follows the addresses of an ARCNET frame: RFC 1051, or RFC 1201 with its fragments. */
import { MALFORMED, NOT_IP } from './negative-offset.js';

/** IPv4 and IPv6 of RFC 1201, IPv4 of RFC 1051. */
const [IPV4, IPV6, OLD_IPV4] = [0xd4, 0xc4, 0xf0];
const EXCEPTION = 0xff;

/** @param at of the protocol's number */
export function arcnet(bytes: Uint8Array, at: number, to: number): number {
  if (to - at < 5) return MALFORMED;
  const protocol = bytes[at];
  if (protocol === OLD_IPV4) return startingWith(4, bytes, at + 1);
  if (protocol !== IPV4 && protocol !== IPV6) return NOT_IP;
  // An exception frame fills a packet of a length that the hardware cannot send, and says it all again.
  const header = bytes[at + 1] === EXCEPTION ? at + 4 : at;
  if (to - header < 5) return MALFORMED;
  const split = bytes[header + 1]!;
  // Fragments behind the first have an even number, and no header of IP.
  if (split !== 0 && split % 2 === 0) return NOT_IP;
  return startingWith(protocol === IPV4 ? 4 : 6, bytes, header + 4);
}

function startingWith(version: number, bytes: Uint8Array, at: number): number {
  return bytes[at]! >> 4 === version ? at : MALFORMED;
}
