/**
 * Whether a DHCP lease carries ANDROID_METERED in option 43 (vendor-specific information), by which Android's
 * hotspots tell their guests. Each client keeps leases in a form of its own.
 */
import { formatAddress } from '../metering/address.js';

const MARK = 'ANDROID_METERED';
const MARK_HEX = [...MARK].map((character) => character.charCodeAt(0).toString(16)).join('');
const OPTION_VENDOR = 43;
const OPTION_PAD = 0;
const OPTION_END = 255;
/** RFC 2131: the options begin after 236 bytes and four of the magic cookie. */
const YOUR_ADDRESS_AT = 16;
const COOKIE_AT = 236;
const COOKIE = [99, 130, 83, 99];

/** What a lease tells. It is the present one if its address is one of the interface's. */
export interface LeaseFacts {
  address: string | undefined;
  metered: boolean;
}

/** A lease of systemd-networkd, and of NetworkManager's own client: `NAME=value` lines. */
export function networkdLease(text: string): LeaseFacts {
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.trim();
  return { address: value('ADDRESS'), metered: holdsMark(value('VENDOR_SPECIFIC') ?? '') };
}

/**
 * The leases file of ISC dhclient: blocks, the newest last.
 * @param interfaceName blocks of other interfaces do not count
 */
export function dhclientLease(text: string, interfaceName: string): LeaseFacts {
  const blocks = text.split(/^lease\s*\{/m).slice(1);
  const last =
    blocks.findLast((block) => /^\s*interface "([^"]*)";/m.exec(block)?.[1] === interfaceName) ?? '';
  const option = /^\s*option vendor-encapsulated-options ([^;]*);/m.exec(last)?.[1];
  return {
    address: /^\s*fixed-address ([^;]*);/m.exec(last)?.[1],
    metered: holdsMark(option ?? ''),
  };
}

/** A lease of dhcpcd: the server's answer as it came. */
export function dhcpPacketLease(packet: Uint8Array): LeaseFacts {
  if (!COOKIE.every((byte, place) => packet[COOKIE_AT + place] === byte)) {
    return { address: undefined, metered: false };
  }
  const parts: number[] = [];
  for (let at = COOKIE_AT + COOKIE.length; at < packet.length; ) {
    const option = packet[at]!;
    if (option === OPTION_END) break;
    if (option === OPTION_PAD) {
      at += 1;
      continue;
    }
    const length = packet[at + 1] ?? 0;
    // A long option comes in several parts (RFC 3396).
    if (option === OPTION_VENDOR) parts.push(...packet.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return {
    address: formatAddress(packet, YOUR_ADDRESS_AT, 4),
    metered: String.fromCharCode(...parts).includes(MARK),
  };
}

/** As text, or in hex with or without colons. */
export function holdsMark(value: string): boolean {
  return value.includes(MARK) || value.replaceAll(':', '').toLowerCase().includes(MARK_HEX);
}
