/** Ways out of the host: what a route look-up answers, and what is known of the links it answers with. */
import { inPrefix, parseAddress } from './address.js';

export type RouteType = 'unicast' | 'local' | 'broadcast' | 'multicast' | 'unreachable';

/** The host's own way to an address, by its rules and tables. */
export interface Route {
  type: RouteType;
  /** Interface and its name; `undefined` when unreachable. */
  ifindex: number | undefined;
  link: string | undefined;
  /** The next hop; `undefined` when the address is on the link itself. */
  gateway: string | undefined;
  /** Out of a tunnel, whose packets cross another link once more. */
  viaTunnel: boolean;
  /** Reached through a gateway or out of a tunnel or point-to-point link, so that it is wan. */
  beyond: boolean;
  /** `link`, if it is an uplink. */
  uplink: string | undefined;
}

export interface Prefix {
  /** 4 or 16 bytes, network order. */
  address: Uint8Array;
  bits: number;
}

/** One of the host's interfaces, as far as placing a remote needs it. */
export interface LinkView {
  ifindex: number;
  name: string;
  tunnel: boolean;
  /** Two ends and no neighbours: PPP, most modems, tun. */
  pointToPoint: boolean;
  uplink: boolean;
  /** Some route leads through a gateway behind this link. */
  hasGateway: boolean;
  /** A default route leads out of it without a gateway, so that being routed there proves no neighbour. */
  defaultWithoutGateway: boolean;
  /** What is connected to it directly: prefixes of routes without a gateway, but for the default one. */
  connected: readonly Prefix[];
}

export const UNREACHABLE: Route = {
  type: 'unreachable',
  ifindex: undefined,
  link: undefined,
  gateway: undefined,
  viaTunnel: false,
  beyond: false,
  uplink: undefined,
};

/** What the kernel's answer to a look-up means, with what is known of the link that it names. */
export function routeThrough(
  type: RouteType,
  link: LinkView | undefined,
  address: string,
  gateway: string | undefined,
): Route {
  if (type === 'unreachable') return UNREACHABLE;
  const viaTunnel = link?.tunnel === true;
  const answer = { type, ifindex: link?.ifindex, link: link?.name, gateway, viaTunnel };
  const uplink = link?.uplink === true && type !== 'local' ? link.name : undefined;
  return { ...answer, beyond: type === 'unicast' && isBeyond(link, address, gateway), uplink };
}

/** True when the address is a neighbour on the link, by the link's connected prefixes. */
export function isOnLink(link: LinkView, address: string): boolean {
  if (link.tunnel || link.pointToPoint) return false;
  const bytes = parseAddress(address);
  return bytes !== undefined && link.connected.some((prefix) => inPrefix(bytes, prefix.address, prefix.bits));
}

/** True when what is not a neighbour on the link is reached over it at all. */
export function reachesBeyond(link: LinkView): boolean {
  return link.tunnel || link.pointToPoint || link.hasGateway || link.defaultWithoutGateway;
}

function isBeyond(link: LinkView | undefined, address: string, gateway: string | undefined): boolean {
  if (gateway !== undefined) return true;
  if (link === undefined) return false;
  if (link.tunnel || link.pointToPoint) return true;
  return link.defaultWithoutGateway && !isOnLink(link, address);
}
