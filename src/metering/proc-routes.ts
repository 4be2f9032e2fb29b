/** What a network namespace reaches without a gateway, from its tables in /proc/PID/net (proc_pid_net(5)). */
import type { Prefix } from './route.js';

/** RTF_UP and RTF_GATEWAY of linux/route.h. */
const UP = 0x0001;
const GATEWAY = 0x0002;
/** RTF_REJECT, for routes to nowhere. */
const REJECT = 0x0200;
const LOOPBACK = 'lo';

/** Connected IPv4 networks, from `/proc/PID/net/route`: addresses are 32 bits in the host's byte order. */
export function connectedV4(text: string): Prefix[] {
  const prefixes: Prefix[] = [];
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [device = '', destination = '', , flagsText = ''] = fields;
    const mask = fields[7] ?? '';
    if (device === LOOPBACK || !isConnected(flagsText)) continue;
    const address = littleEndian(destination);
    const bits = maskBits(littleEndian(mask));
    if (address !== undefined && bits !== undefined && bits > 0) prefixes.push({ address, bits });
  }
  return prefixes;
}

/** Connected IPv6 networks, from `/proc/PID/net/ipv6_route`: 32 digits in network order, prefix length in hex. */
export function connectedV6(text: string): Prefix[] {
  const prefixes: Prefix[] = [];
  for (const line of text.split('\n')) {
    const [destination = '', length = '', , , , , , , flagsText = '', device = ''] = line.trim().split(/\s+/);
    if (device === '' || device === LOOPBACK || !isConnected(flagsText)) continue;
    const bits = Number.parseInt(length, 16);
    if (!/^[0-9a-f]{32}$/.test(destination) || !(bits > 0 && bits <= 128)) continue;
    prefixes.push({ address: Uint8Array.from(pairs(destination)), bits });
  }
  return prefixes;
}

function isConnected(flagsText: string): boolean {
  const flags = Number.parseInt(flagsText, 16);
  return (flags & UP) !== 0 && (flags & (GATEWAY | REJECT)) === 0;
}

function littleEndian(hex: string): Uint8Array | undefined {
  return /^[0-9A-Fa-f]{8}$/.test(hex) ? Uint8Array.from(pairs(hex).reverse()) : undefined;
}

function pairs(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

function maskBits(mask: Uint8Array | undefined): number | undefined {
  return mask?.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
}
