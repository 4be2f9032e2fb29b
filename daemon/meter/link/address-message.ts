/** RTM_NEWADDR (linux/if_addr.h): the host's own addresses. */
import { formatAddress } from '../../../src/metering/address.js';
import { eachAttribute, lengthOf, readBytes, readU8, readU32, type Span } from './netlink-message.js';

export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTNLGRP_IPV4_IFADDR = 5;
export const RTNLGRP_IPV6_IFADDR = 9;

/** struct ifaddrmsg: family, prefix length, flags, scope, index. */
const HEADER = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;

export interface InterfaceAddress {
  ifindex: number;
  address: string;
  prefixBits: number;
}

/** The fixed part of a dump request, for all families. */
export function addressRequest(): Uint8Array {
  return new Uint8Array(HEADER);
}

export function parseInterfaceAddress(payload: Span): InterfaceAddress | undefined {
  let address: string | undefined;
  let local: string | undefined;
  eachAttribute(payload, HEADER, (type, value) => {
    if (type === IFA_ADDRESS) address = textOf(value);
    // On point-to-point links IFA_ADDRESS is the other end's.
    if (type === IFA_LOCAL) local = textOf(value);
  });
  const own = local ?? address;
  if (own === undefined) return undefined;
  return { ifindex: readU32(payload, 4), address: own, prefixBits: readU8(payload, 1) };
}

function textOf(value: Span): string | undefined {
  const length = lengthOf(value);
  return length === 4 || length === 16 ? formatAddress(readBytes(value), 0, length) : undefined;
}
