/** IPv4 and IPv6 headers, down to the transport protocol (RFC 791, RFC 8200). */
import { u16, word } from './bytes.js';

/** One header; reused from packet to packet, since making an object for each costs more than reading it. */
export class IpHeader {
  version: 4 | 6 = 4;
  /** Offsets of the addresses. */
  source = 0;
  destination = 0;
  /** The transport protocol's IANA number; of a fragment, the one its first fragment begins with. */
  protocol = 0;
  /** Where the transport header starts and where the captured part of the packet ends. */
  payload = 0;
  end = 0;
  /** It is not the first fragment, so that no transport header is at `payload`. */
  laterFragment = false;
  /** It is one of several fragments; only then are the fields below set. */
  fragmented = false;
  moreFragments = false;
  /** In bytes. */
  fragmentOffset = 0;
  identification = 0;
  /** Where the fragment's part of the packet starts. */
  fragmentPayload = 0;
}

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const FRAGMENT = 44;
const AUTHENTICATION = 51;

/** @returns whether both addresses could be read; `header` is undefined otherwise. */
export function readIp(header: IpHeader, bytes: Uint8Array, at: number, to: number): boolean {
  const version = bytes[at]! >> 4;
  if (version === 4) return readIpv4(header, bytes, at, to);
  return version === 6 && readIpv6(header, bytes, at, to);
}

function readIpv4(header: IpHeader, bytes: Uint8Array, at: number, to: number): boolean {
  if (to - at < IPV4_HEADER) return false;
  const length = (bytes[at]! & 15) * 4;
  if (length < IPV4_HEADER) return false;
  const total = u16(bytes, at + 2);
  if (total > 0 && total < length) return false;
  header.version = 4;
  header.source = at + 12;
  header.destination = at + 16;
  header.protocol = bytes[at + 9]!;
  // A total of 0 is a packet that the network card cuts up later. Padding of short frames is cut off.
  header.end = total === 0 ? to : Math.min(to, at + total);
  header.payload = Math.min(header.end, at + length);
  const fragment = u16(bytes, at + 6);
  header.laterFragment = (fragment & 0x1fff) !== 0;
  header.fragmented = (fragment & 0x3fff) !== 0;
  if (header.fragmented) {
    header.moreFragments = (fragment & 0x2000) !== 0;
    header.fragmentOffset = (fragment & 0x1fff) * 8;
    header.identification = u16(bytes, at + 4);
    header.fragmentPayload = header.payload;
  }
  return true;
}

function readIpv6(header: IpHeader, bytes: Uint8Array, at: number, to: number): boolean {
  if (to - at < IPV6_HEADER) return false;
  const length = u16(bytes, at + 4);
  header.version = 6;
  header.source = at + 8;
  header.destination = at + 24;
  header.end = length === 0 ? to : Math.min(to, at + IPV6_HEADER + length);
  header.laterFragment = false;
  header.fragmented = false;
  skipExtensions(header, bytes, bytes[at + 6]!, at + IPV6_HEADER);
  return true;
}

function skipExtensions(header: IpHeader, bytes: Uint8Array, first: number, from: number): void {
  let next = first;
  let at = from;
  // Each extension has at least 8 bytes, so this ends.
  while (isExtension(next) && header.end - at >= 8) {
    if (next === FRAGMENT) {
      readFragment(header, bytes, at);
      if (header.laterFragment) return;
    }
    const length = extensionLength(next, bytes[at + 1]!);
    next = bytes[at]!;
    at += length;
  }
  header.protocol = next;
  header.payload = Math.min(header.end, at);
}

function readFragment(header: IpHeader, bytes: Uint8Array, at: number): void {
  const field = u16(bytes, at + 2);
  header.laterFragment = (field & 0xfff8) !== 0;
  // Without an offset and without more to come, it is whole all the same.
  header.fragmented = (field & 0xfff9) !== 0;
  header.moreFragments = (field & 1) !== 0;
  header.fragmentOffset = field & 0xfff8;
  header.identification = word(bytes, at + 4);
  header.fragmentPayload = at + 8;
  header.protocol = bytes[at]!;
  header.payload = at + 8;
}

/** Hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, Shim6. */
function isExtension(next: number): boolean {
  return (
    next === 0 ||
    next === 43 ||
    next === FRAGMENT ||
    next === AUTHENTICATION ||
    next === 60 ||
    next === 135 ||
    next === 139 ||
    next === 140
  );
}

function extensionLength(kind: number, field: number): number {
  if (kind === FRAGMENT) return 8;
  return kind === AUTHENTICATION ? Math.max(8, (field + 2) * 4) : (field + 1) * 8;
}
