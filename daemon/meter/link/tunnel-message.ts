/** Where a tunnel device leads, in the attributes of its kind (linux/if_tunnel.h, linux/if_link.h). */
import { formatAddress } from '../../../src/metering/address.js';
import { eachAttribute, lengthOf, readBytes, readU16, readU32, type Span } from './netlink-message.js';

/** The ends of a tunnel, as far as its device was told them. */
export interface TunnelEnds {
  remote: string | undefined;
  /** The interface that outer packets are bound to. */
  lowerIfindex: number | undefined;
  /** Optional GRE fields that outer packets carry: checksum, key, sequence number. */
  greFields: number;
}

/** Which attributes of IFLA_INFO_DATA hold the far end and the lower device. */
interface TunnelShape {
  remotes: readonly number[];
  lower: number | undefined;
  /** IFLA_GRE_OFLAGS. */
  greFlags?: number;
}

/** linux/if_tunnel.h for gre and iptunnel, linux/if_link.h for vxlan and geneve. */
const gre: TunnelShape = { remotes: [7], lower: 1, greFlags: 3 };
const ipTunnel: TunnelShape = { remotes: [3], lower: 1 };
const tunnelShapes = new Map<string, TunnelShape>([
  ['gre', gre],
  ['gretap', gre],
  ['ip6gre', gre],
  ['ip6gretap', gre],
  ['ipip', ipTunnel],
  ['sit', ipTunnel],
  ['ip6tnl', ipTunnel],
  ['vxlan', { remotes: [2, 16], lower: 3 }],
  ['geneve', { remotes: [2, 7], lower: undefined }],
]);

/**
 * @param kind the device's kind
 * @param data its IFLA_INFO_DATA
 * @returns `undefined` for kinds that are not told where they lead
 */
export function parseTunnelEnds(kind: string, data: Span): TunnelEnds | undefined {
  const shape = tunnelShapes.get(kind);
  if (shape === undefined) return undefined;
  const ends: TunnelEnds = { remote: undefined, lowerIfindex: undefined, greFields: 0 };
  eachAttribute(data, 0, (type, value) => {
    if (shape.remotes.includes(type)) ends.remote = addressOf(value) ?? ends.remote;
    if (type === shape.lower) ends.lowerIfindex = readU32(value) || undefined;
    if (type === shape.greFlags) ends.greFields = greFieldsOf(readU16(value));
  });
  return ends;
}

/** `undefined` for an unspecified one: the device has no single far end. */
function addressOf(value: Span): string | undefined {
  const length = lengthOf(value);
  if (length !== 4 && length !== 16) return undefined;
  const bytes = readBytes(value);
  return bytes.every((byte) => byte === 0) ? undefined : formatAddress(bytes, 0, length);
}

/** GRE_CSUM 0x80, GRE_KEY 0x20, GRE_SEQ 0x10 as big-endian flags (linux/if_tunnel.h), read little-endian. */
function greFieldsOf(flags: number): number {
  return [0x80, 0x20, 0x10].filter((field) => (flags & field) !== 0).length;
}
