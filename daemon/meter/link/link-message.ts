/** RTM_NEWLINK and RTM_DELLINK (linux/if_link.h): what the kernel says of an interface. */
import type { Traffic } from '../../../src/units.js';
import {
  eachAttribute,
  lengthOf,
  readBytes,
  readI32,
  readText,
  readU8,
  readU16,
  readU32,
  readU64,
  type Span,
} from './netlink-message.js';
import { parseTunnelEnds, type TunnelEnds } from './tunnel-message.js';

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTNLGRP_LINK = 1;

/** Interface flags (linux/if.h). */
export const IFF_UP = 0x1;
export const IFF_LOOPBACK = 0x8;
export const IFF_POINTOPOINT = 0x10;
export const IFF_LOWER_UP = 0x10000;

/** struct ifinfomsg: family, pad, type, index, flags, change mask. */
const HEADER = 16;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_OPERSTATE = 16;
const IFLA_LINKINFO = 18;
const IFLA_STATS64 = 23;
const IFLA_LINK_NETNSID = 37;
const IFLA_NEW_NETNSID = 45;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
/** struct rtnl_link_stats64: packets rx, tx, bytes rx, tx, errors rx, tx, dropped rx, tx, and more. */
const STATS_TX_DROPPED = 7 * 8;

/** States of RFC 2863, by number. */
const operationalStates = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'];

/** A link's counters as its driver has them: bytes with what it counts of layer 2. */
export interface LinkStats extends Traffic {
  txDropped: number;
}

export interface Link {
  ifindex: number;
  name: string;
  /** ARPHRD_* of linux/if_arp.h. */
  hardware: number;
  flags: number;
  mtu: number;
  /** In the words of RFC 2863, such as `up`, `down`, `dormant`, `unknown`. */
  operationalState: string;
  /** Hardware address, in hex with colons. */
  mac: string | undefined;
  /** The kind of a virtual device, such as `veth`, `bridge`, `wireguard`; `undefined` for real ones. */
  kind: string | undefined;
  /** The bridge or bond that it is a port of. */
  master: number | undefined;
  /** Peer of a veth pair or lower device; a number within the namespace `peerNsid`. */
  peerIfindex: number | undefined;
  /** The namespace of the peer by this namespace's id for it; `undefined`: the same namespace. */
  peerNsid: number | undefined;
  /** A tap device instead of tun. */
  tap: boolean;
  tunnelEnds: TunnelEnds | undefined;
  stats: LinkStats | undefined;
  /** In RTM_DELLINK: the interface lives on, in this namespace. */
  movedToNsid: number | undefined;
}

/** @param payload of an RTM_NEWLINK or RTM_DELLINK message */
export function parseLink(payload: Span): Link {
  const link: Link = {
    hardware: readU16(payload, 2),
    ifindex: readI32(payload, 4),
    flags: readU32(payload, 8),
    name: '',
    mtu: 0,
    operationalState: 'unknown',
    mac: undefined,
    kind: undefined,
    master: undefined,
    peerIfindex: undefined,
    peerNsid: undefined,
    tap: false,
    tunnelEnds: undefined,
    stats: undefined,
    movedToNsid: undefined,
  };
  eachAttribute(payload, HEADER, (type, value) => {
    const set = setters.get(type);
    set?.(link, value);
  });
  return link;
}

/** struct rtnl_link_stats64, which only ever grew at its end. */
export function parseStats64(value: Span): LinkStats {
  return {
    rxPackets: readU64(value, 0),
    txPackets: readU64(value, 8),
    rxBytes: readU64(value, 16),
    txBytes: readU64(value, 24),
    txDropped: readU64(value, STATS_TX_DROPPED),
  };
}

const setters = new Map<number, (link: Link, value: Span) => void>([
  [
    IFLA_IFNAME,
    (link, value) => {
      link.name = readText(value);
    },
  ],
  [
    IFLA_MTU,
    (link, value) => {
      link.mtu = readU32(value);
    },
  ],
  [
    IFLA_ADDRESS,
    (link, value) => {
      link.mac = macOf(value);
    },
  ],
  [
    IFLA_MASTER,
    (link, value) => {
      link.master = readU32(value);
    },
  ],
  // A veth whose peer is gone still has the attribute, with 0.
  [
    IFLA_LINK,
    (link, value) => {
      link.peerIfindex = readU32(value) || undefined;
    },
  ],
  [
    IFLA_LINK_NETNSID,
    (link, value) => {
      link.peerNsid = readI32(value);
    },
  ],
  [
    IFLA_NEW_NETNSID,
    (link, value) => {
      link.movedToNsid = readI32(value);
    },
  ],
  [
    IFLA_STATS64,
    (link, value) => {
      link.stats = parseStats64(value);
    },
  ],
  [IFLA_LINKINFO, parseLinkInfo],
  [
    IFLA_OPERSTATE,
    (link, value) => {
      link.operationalState = operationalStates[readU8(value)] ?? 'unknown';
    },
  ],
]);

function macOf(value: Span): string | undefined {
  if (lengthOf(value) === 0) return undefined;
  return [...readBytes(value)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function parseLinkInfo(link: Link, value: Span): void {
  let data: Span | undefined;
  eachAttribute(value, 0, (type, inner) => {
    if (type === IFLA_INFO_KIND) link.kind = readText(inner);
    if (type === IFLA_INFO_DATA) data = inner;
  });
  if (data === undefined || link.kind === undefined) return;
  if (link.kind === 'tun') link.tap = isTap(data);
  link.tunnelEnds = parseTunnelEnds(link.kind, data);
}

/** IFLA_TUN_TYPE (3) of linux/if_link.h: IFF_TUN is 1, IFF_TAP 2. */
function isTap(data: Span): boolean {
  let tap = false;
  eachAttribute(data, 0, (type, value) => {
    if (type === 3) tap = readU8(value) === 2;
  });
  return tap;
}
