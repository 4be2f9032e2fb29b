/**
 * From a link layer's frame to the first IP header in it. LINKTYPE numbers and header layouts:
 * https://www.tcpdump.org/linktypes.html
 */
import { arcnet } from './arcnet.js';
import { u16, u16le, u32, u32le } from './bytes.js';
import { MALFORMED, NOT_IP, UNKNOWN_LINK_TYPE } from './negative-offset.js';

const NAMES: Readonly<Record<number, string>> = {
  0: 'NULL',
  1: 'ETHERNET',
  7: 'ARCNET_BSD',
  9: 'PPP',
  12: 'RAW',
  14: 'RAW',
  50: 'PPP_HDLC',
  51: 'PPP_ETHER',
  101: 'RAW',
  104: 'C_HDLC',
  105: 'IEEE802_11',
  107: 'FRELAY',
  108: 'LOOP',
  113: 'LINUX_SLL',
  127: 'IEEE802_11_RADIOTAP',
  129: 'ARCNET_LINUX',
  192: 'PPI',
  228: 'IPV4',
  229: 'IPV6',
  242: 'IPOIB',
  258: 'PKTAP',
  276: 'LINUX_SLL2',
};

/** The registered name, such as `ETHERNET`; `LINKTYPE_<number>` of one that is not in the table. */
export function linkTypeName(linkType: number): string {
  return NAMES[linkType] ?? `LINKTYPE_${linkType}`;
}

/** Offset of the outermost IP header, or one of the negative reasons for its absence. */
export function findIp(linkType: number, bytes: Uint8Array, from: number, to: number): number {
  switch (linkType) {
    case 1:
      return ethernet(bytes, from, to);
    case 12:
    case 14:
    case 101:
    case 228:
      return byVersion(bytes, from, to);
    case 229:
      return etherType(0x86dd, bytes, from, to);
    case 192:
      return wrapped(u16le(bytes, from + 2), u32le(bytes, from + 4), 8, bytes, from, to);
    case 258:
      return wrapped(u32le(bytes, from), u32le(bytes, from + 8), 12, bytes, from, to);
    case 7:
      return arcnet(bytes, from + 2, to);
    case 129:
      return arcnet(bytes, from + 4, to);
    case 0:
    case 108:
      return loopback(bytes, from, to);
    case 113:
      return to - from < 16 ? MALFORMED : etherType(u16(bytes, from + 14), bytes, from + 16, to);
    case 276:
      return to - from < 20 ? MALFORMED : etherType(u16(bytes, from), bytes, from + 20, to);
    case 9:
    case 50:
      return ppp(bytes, from, to);
    case 51:
      return to - from < 6 ? MALFORMED : ppp(bytes, from + 6, to);
    case 104:
      return to - from < 4 ? MALFORMED : etherType(u16(bytes, from + 2), bytes, from + 4, to);
    case 107:
      return frameRelay(bytes, from, to);
    case 242:
      // 40 bytes of global routing header, 2 of type, 2 reserved.
      return to - from < 44 ? MALFORMED : etherType(u16(bytes, from + 40), bytes, from + 44, to);
    default:
      return UNKNOWN_LINK_TYPE;
  }
}

/** An Ethernet frame at `from`, also one that travels inside of a tunnel. */
export function ethernet(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 14) return MALFORMED;
  const type = u16(bytes, from + 12);
  if (type > 1500) return etherType(type, bytes, from + 14, to);
  return snap(bytes, from + 14, to);
}

/** What follows an EtherType, through VLAN tags, MPLS labels and PPPoE. */
export function etherType(type: number, bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  // 802.1Q, 802.1ad, and what older switches used for QinQ. Each tag takes 4 bytes, so this ends.
  while (type === 0x8100 || type === 0x88a8 || type === 0x9100 || type === 0x9200) {
    if (to - at < 4) return MALFORMED;
    type = u16(bytes, at + 2);
    at += 4;
  }
  if (type <= 1500 && at > from) return snap(bytes, at, to);
  switch (type) {
    case 0x0800:
      return byVersion(bytes, at, to);
    case 0x86dd:
      return to > at && bytes[at]! >> 4 !== 6 ? MALFORMED : byVersion(bytes, at, to);
    case 0x8847:
    case 0x8848:
      return mpls(bytes, at, to);
    case 0x8864:
      return to - at < 6 ? MALFORMED : ppp(bytes, at + 6, to);
    default:
      return NOT_IP;
  }
}

/** The first nibble tells IPv4 from IPv6. */
function byVersion(bytes: Uint8Array, at: number, to: number): number {
  if (at >= to) return MALFORMED;
  const version = bytes[at]! >> 4;
  return version === 4 || version === 6 ? at : MALFORMED;
}

/** IEEE 802.2 with SNAP carries an EtherType; other service access points carry no IP. */
function snap(bytes: Uint8Array, at: number, to: number): number {
  if (to - at < 8) return NOT_IP;
  if (bytes[at] !== 0xaa || bytes[at + 1] !== 0xaa || bytes[at + 2] !== 3) return NOT_IP;
  const isEtherType = bytes[at + 3] === 0 && bytes[at + 4] === 0 && bytes[at + 5] === 0;
  return isEtherType ? etherType(u16(bytes, at + 6), bytes, at + 8, to) : NOT_IP;
}

function mpls(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; to - at >= 4; at += 4) {
    if ((bytes[at + 2]! & 1) === 0) continue;
    // Below the last label is IP or a pseudowire, which starts with a nibble of 0.
    const inside = byVersion(bytes, at + 4, to);
    return inside === MALFORMED && at + 4 < to ? NOT_IP : inside;
  }
  return MALFORMED;
}

/** RFC 1661 and 1662: address and control may be left out, and so may the first byte of the protocol. */
export function ppp(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  if (to - at < 2) return MALFORMED;
  if (bytes[at] === 0xff && bytes[at + 1] === 3) at += 2;
  else if ((bytes[at] === 0x0f || bytes[at] === 0x8f) && bytes[at + 1] === 0 && to - at >= 4) {
    // Cisco's HDLC has an EtherType where PPP has its protocol.
    return etherType(u16(bytes, at + 2), bytes, at + 4, to);
  }
  if (to - at < 2) return MALFORMED;
  const short = (bytes[at]! & 1) === 1;
  const protocol = short ? bytes[at]! : u16(bytes, at);
  at += short ? 1 : 2;
  return protocol === 0x21 || protocol === 0x57 ? byVersion(bytes, at, to) : NOT_IP;
}

/**
 * PPI and PKTAP put a header of their own before a frame of another link type, never of themselves.
 * @param shortest what the header's fields need
 */
function wrapped(
  length: number,
  linkType: number,
  shortest: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  if (to - from < shortest || length < shortest || length > to - from) return MALFORMED;
  const nested = linkType === 192 || linkType === 258;
  return nested ? MALFORMED : findIp(linkType, bytes, from + length, to);
}

/** The address family is in the byte order of the machine that captured, which the file does not tell. */
function loopback(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 4) return MALFORMED;
  // Some systems write frames of PPP or of Cisco's HDLC under this link type.
  if (bytes[from]! >= 0x0f && (bytes[from + 1] === 3 || u16(bytes, from + 2) === 0x0800)) {
    return ppp(bytes, from, to);
  }
  const family = Math.min(u32(bytes, from), u32le(bytes, from));
  // AF_INET everywhere; AF_INET6 of Linux, Windows, NetBSD, FreeBSD, macOS.
  const isIp =
    family === 2 || family === 10 || family === 23 || family === 24 || family === 28 || family === 30;
  return isIp ? byVersion(bytes, from + 4, to) : NOT_IP;
}

/** RFC 2427 with a Q.922 address of two bytes, or Cisco's encapsulation with an EtherType. */
function frameRelay(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 4) return MALFORMED;
  if (bytes[from + 2] !== 3) return etherType(u16(bytes, from + 2), bytes, from + 4, to);
  const nlpid = bytes[from + 3];
  return nlpid === 0xcc || nlpid === 0x8e ? byVersion(bytes, from + 4, to) : NOT_IP;
}
