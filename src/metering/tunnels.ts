/**
 * Tunnels: links whose packets cross another link once more, inside of larger ones. What the kernel wraps
 * itself no socket ever sees, so the difference is derived from the packets and the headers' sizes.
 */
import type { Bytes } from '../units.js';

/** Sizes of headers, each with where it is specified. */
const IPV4 = 20; // RFC 791, without options
const IPV6 = 40; // RFC 8200
const UDP = 8; // RFC 768
const ETHERNET = 14; // IEEE 802.3, without checksum
const VXLAN = 8; // RFC 7348, section 5
const GENEVE = 8; // RFC 8926, section 3.4, without options
const GRE = 4; // RFC 2784, without the optional fields, which are 4 bytes each (RFC 2890)
/** Type and reserved 4, receiver 4, counter 8, authentication tag 16 (WireGuard's whitepaper, 5.4.6). */
const WIREGUARD = 32;

/** What stands between the outer IP header and the inner IP packet, by the kernel's name of the kind. */
const wrappings = new Map<string, Bytes>([
  ['wireguard', UDP + WIREGUARD],
  ['vxlan', UDP + VXLAN + ETHERNET],
  ['geneve', UDP + GENEVE + ETHERNET],
  ['gre', GRE],
  ['ip6gre', GRE],
  ['gretap', GRE + ETHERNET],
  ['ip6gretap', GRE + ETHERNET],
  ['ipip', 0],
  ['sit', 0],
  ['ip6tnl', 0],
  ['fou', UDP],
]);

/** Kinds whose outer packets are a process's own socket's, and so are counted: the process is a relay. */
const userspaceKinds = new Set(['tun', 'ppp']);

/** Kinds that are wrapped by the kernel, but whose headers vary too much to be derived. */
const variableKinds = new Set([
  'vti',
  'vti6',
  'xfrm',
  'erspan',
  'ip6erspan',
  'l2tp',
  'bareudp',
  'gtp',
  'amt',
  'ovpn',
  'ipsec',
]);

/** @param kind what the kernel calls the kind of device (IFLA_INFO_KIND), such as `wireguard` */
export function isTunnelKind(kind: string): boolean {
  return wrappings.has(kind) || userspaceKinds.has(kind) || variableKinds.has(kind);
}

export interface TunnelWrapping {
  kind: string;
  /** IP version of the outer packets. */
  outerVersion: 4 | 6;
  /** GRE fields that are there beside the base header: checksum, key, sequence number. */
  greFields?: number;
}

/**
 * Bytes that one packet has on the underlying link and not in the tunnel: everything from the outer IP
 * header to the inner one. WireGuard's padding to 16 bytes, IPv4 options and fragments of the outer packet
 * are not in it: they depend on each packet, and stay unattributed.
 *
 * @returns `undefined` when the kernel does not do the wrapping, or its size is not fixed
 */
export function tunnelHeaderBytes({ kind, outerVersion, greFields = 0 }: TunnelWrapping): Bytes | undefined {
  const wrapping = wrappings.get(kind);
  if (wrapping === undefined) return undefined;
  return (outerVersion === 4 ? IPV4 : IPV6) + wrapping + greFields * 4;
}
