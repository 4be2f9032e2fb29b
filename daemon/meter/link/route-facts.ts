/** What the routing tables as a whole say about each link. */
import type { Prefix } from '../../../src/metering/route.js';
import type { RouteEntry } from './route-message.js';

export interface RouteFacts {
  /** Some route leads through a gateway behind this link. */
  hasGateway: boolean;
  defaultWithoutGateway: boolean;
  /** Prefixes of routes without a gateway, but for default ones. */
  connected: readonly Prefix[];
}

/** RT_TABLE_LOCAL: the host's own addresses, which say nothing about what is behind a link. */
const LOCAL_TABLE = 255;

/** By ifindex; links that no route leads out of are not in it. */
export function routeFacts(routes: readonly RouteEntry[]): Map<number, RouteFacts> {
  const facts = new Map<number, RouteFacts & { connected: Prefix[] }>();
  for (const route of routes) {
    if (!tellsOfLinks(route)) continue;
    for (const { ifindex, gateway } of route.hops) {
      if (ifindex === undefined) continue;
      let known = facts.get(ifindex);
      if (known === undefined) {
        known = { hasGateway: false, defaultWithoutGateway: false, connected: [] };
        facts.set(ifindex, known);
      }
      if (gateway !== undefined) known.hasGateway = true;
      else if (route.destination.bits === 0) known.defaultWithoutGateway = true;
      else known.connected.push(route.destination);
    }
  }
  return facts;
}

/** False for the entries that every interface has, so that containers coming and going change nothing. */
export function tellsOfLinks({ type, table, destination }: RouteEntry): boolean {
  if (type !== 'unicast' || table === LOCAL_TABLE) return false;
  const { address, bits } = destination;
  const linkLocal = bits >= 10 && address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;
  return !(address.length === 16 && linkLocal);
}
