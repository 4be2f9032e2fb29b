/**
 * IP addresses between their bytes and their text. Texts are IPv4 in dotted form and IPv6 as RFC 5952
 * writes it; IPv4-mapped IPv6 addresses are IPv4, since that is what crosses the wire.
 */

/** How far an address reaches, as far as the address itself tells. */
export type AddressScope = 'loopback' | 'link-local' | 'multicast' | 'broadcast' | 'unspecified' | 'global';

const MAPPED_PREFIX = '::ffff:';

/** @param length 4 or 16 bytes in network order, starting at `from` */
export function formatAddress(bytes: Uint8Array, from: number, length: 4 | 16): string {
  if (length === 4) return formatIpv4(bytes, from);
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[from + i]! << 8) | bytes[from + i + 1]!);
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return formatIpv4(bytes, from + 12);
  }
  const gap = longestZeroRun(groups);
  if (gap.length < 2) return groups.map(hex).join(':');
  const before = groups.slice(0, gap.at).map(hex).join(':');
  const after = groups
    .slice(gap.at + gap.length)
    .map(hex)
    .join(':');
  return `${before}::${after}`;
}

/**
 * @param text IPv4 in dotted form, or IPv6 in any form of RFC 4291 without a zone
 * @returns 4 or 16 bytes in network order, `undefined` when it is no address
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail === null) return unmapped(parseIpv6(text));
  const last = parseIpv4(tail[2]!);
  if (last === undefined) return undefined;
  const group = (at: number): string => hex((last[at]! << 8) | last[at + 1]!);
  return unmapped(parseIpv6(`${tail[1]}${group(0)}:${group(2)}`));
}

/** The one text of an address that may have been written in many; `undefined` when it is none. */
export function canonicalAddress(text: string): string | undefined {
  const bytes = parseAddress(text);
  return bytes === undefined ? undefined : formatAddress(bytes, 0, bytes.length as 4 | 16);
}

/** @param text an address as {@link formatAddress} writes it */
export function addressScope(text: string): AddressScope {
  if (text.includes(':')) return ipv6Scope(text);
  if (text.startsWith('127.')) return 'loopback';
  if (text.startsWith('169.254.')) return 'link-local';
  if (text === '0.0.0.0') return 'unspecified';
  const first = Number.parseInt(text, 10);
  if (first < 224) return 'global';
  if (first < 240) return 'multicast';
  return text === '255.255.255.255' ? 'broadcast' : 'global';
}

/** True when the first `bits` of both addresses are the same, and both are of one family. */
export function inPrefix(address: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  if (address.length !== prefix.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== prefix[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return (address[whole]! & mask) === (prefix[whole]! & mask);
}

function ipv6Scope(text: string): AddressScope {
  if (text === '::1') return 'loopback';
  if (text === '::') return 'unspecified';
  if (text.startsWith('ff')) return 'multicast';
  // fe80::/10 is fe80 to febf.
  if (/^fe[89ab]/.test(text)) return 'link-local';
  if (text.startsWith(MAPPED_PREFIX) && text.includes('.')) {
    return addressScope(text.slice(MAPPED_PREFIX.length));
  }
  return 'global';
}

function formatIpv4(bytes: Uint8Array, from: number): string {
  return `${bytes[from]}.${bytes[from + 1]}.${bytes[from + 2]}.${bytes[from + 3]}`;
}

function hex(group: number): string {
  return group.toString(16);
}

/** RFC 5952, section 4.2: the longest run of zero groups, the first of several equally long ones. */
function longestZeroRun(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (at + length < groups.length && groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
    at += length;
  }
  return best;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  // A leading zero means octal to some readers and nothing to others.
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const groups = [...head!, ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  if (tail === undefined ? groups.length !== 8 : groups.length > 7) return undefined;
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  head!.forEach((group, at) => {
    view.setUint16(at * 2, Number.parseInt(group, 16));
  });
  tail?.forEach((group, at) => {
    view.setUint16(16 - (tail.length - at) * 2, Number.parseInt(group, 16));
  });
  return bytes;
}

function unmapped(bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  const mapped =
    bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
  return mapped ? bytes.slice(12) : bytes;
}
