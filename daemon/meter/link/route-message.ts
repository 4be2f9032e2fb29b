/** RTM_NEWROUTE and RTM_DELROUTE (linux/rtnetlink.h): entries of routing tables, and answers to look-ups. */
import { formatAddress, parseAddress } from '../../../src/metering/address.js';
import type { Prefix, RouteType } from '../../../src/metering/route.js';
import {
  eachAttribute,
  lengthOf,
  readBytes,
  readI32,
  readU8,
  readU16,
  readU32,
  type Span,
} from './netlink-message.js';

export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTNLGRP_IPV4_ROUTE = 7;
export const RTNLGRP_IPV6_ROUTE = 11;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags. */
const HEADER = 12;
export const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RTA_VIA = 18;
/** struct rtnexthop: len, flags, hops, ifindex. */
const NEXT_HOP_HEADER = 8;

/** RTN_*, by number. Anycast addresses are the host's own. */
const types: readonly RouteType[] = [
  'unreachable',
  'unicast',
  'local',
  'broadcast',
  'local',
  'multicast',
  'unreachable',
  'unreachable',
  'unreachable',
];

export interface NextHop {
  ifindex: number | undefined;
  gateway: string | undefined;
}

export interface RouteEntry {
  type: RouteType;
  table: number;
  destination: Prefix;
  /** Several for multipath routes; the first is the one that a look-up chose. */
  hops: NextHop[];
}

/** The fixed part of a request: a dump of a family, or a look-up in it. */
export function routeRequest(family: number, destinationBits = 0): Uint8Array {
  const header = new Uint8Array(HEADER);
  header[0] = family;
  header[1] = destinationBits;
  return header;
}

export function parseRoute(payload: Span): RouteEntry {
  const family = readU8(payload, 0);
  const single: NextHop = { ifindex: undefined, gateway: undefined };
  const multiple: NextHop[] = [];
  const entry: RouteEntry = {
    type: types[readU8(payload, 7)] ?? 'unreachable',
    table: readU8(payload, 4),
    destination: { address: new Uint8Array(family === AF_INET6 ? 16 : 4), bits: readU8(payload, 1) },
    hops: [single],
  };
  eachAttribute(payload, HEADER, (type, value) => {
    if (type === RTA_DST) entry.destination.address = readBytes(value);
    else if (type === RTA_TABLE) entry.table = readU32(value);
    else if (type === RTA_MULTIPATH) eachNextHop(value, (hop) => multiple.push(hop));
    else readHop(single, type, value);
  });
  if (multiple.length > 0) entry.hops = multiple;
  return entry;
}

/** The bytes to look an address up by, and its family; `undefined` when it is no address. */
export function lookupKey(address: string): { family: number; bytes: Uint8Array } | undefined {
  const bytes = parseAddress(address);
  if (bytes === undefined) return undefined;
  return { family: bytes.length === 4 ? AF_INET : AF_INET6, bytes };
}

function readHop(hop: NextHop, type: number, value: Span): void {
  if (type === RTA_OIF) hop.ifindex = readI32(value);
  else if (type === RTA_GATEWAY) hop.gateway = gatewayOf(value, 0);
  // struct rtvia: a family of two bytes, then the address: an IPv6 gateway of an IPv4 route.
  else if (type === RTA_VIA) hop.gateway = gatewayOf(value, 2);
}

function gatewayOf(value: Span, skip: number): string | undefined {
  const bytes = readBytes(value).subarray(skip);
  if (bytes.length !== 4 && bytes.length !== 16) return undefined;
  return bytes.every((byte) => byte === 0) ? undefined : formatAddress(bytes, 0, bytes.length);
}

function eachNextHop(value: Span, visit: (hop: NextHop) => void): void {
  for (let from = value.from; from < value.to; ) {
    const rest = { ...value, from };
    const length = readU16(rest);
    const hop: NextHop = { ifindex: readI32(rest, 4), gateway: undefined };
    const end = Math.min(from + Math.max(length, NEXT_HOP_HEADER), value.to);
    eachAttribute({ ...value, from, to: end }, NEXT_HOP_HEADER, (type, inner) => readHop(hop, type, inner));
    visit(hop);
    from += (lengthOf({ ...value, from, to: end }) + 3) & ~3;
  }
}
