/**
 * The class of a host in a capture. A capture has no routing table, so that the address alone decides:
 * loopback is local; private (RFC 1918, RFC 4193), link-local, multicast, broadcast and unspecified
 * addresses are lan; everything else is wan, also the carriers' shared range 100.64.0.0/10. A private
 * address behind a VPN is therefore called lan here, where live metering would call it wan.
 */
import { addressScope, inPrefix, parseAddress } from '../metering/address.js';

export type HostClass = 'wan' | 'lan' | 'local';

const PRIVATE: readonly [Uint8Array, number][] = [
  [Uint8Array.of(10, 0, 0, 0), 8],
  [Uint8Array.of(172, 16, 0, 0), 12],
  [Uint8Array.of(192, 168, 0, 0), 16],
  [Uint8Array.of(0xfc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 7],
];

export function hostClass(address: string): HostClass {
  const scope = addressScope(address);
  if (scope === 'loopback') return 'local';
  if (scope !== 'global') return 'lan';
  const bytes = parseAddress(address);
  return bytes !== undefined && PRIVATE.some(([prefix, bits]) => inPrefix(bytes, prefix, bits))
    ? 'lan'
    : 'wan';
}
