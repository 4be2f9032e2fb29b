/**
 * Where the other end of a flow is, and which uplink the way there crosses. First match wins: proxy, local,
 * lan, wan. Addresses are as sockets have them, before NAT.
 */
import { addressScope } from './address.js';
import { isOnLink, type LinkView, type Route, reachesBeyond } from './route.js';
import type { Remote, TrafficClass } from './types.js';

/** What a packet counter knows about the other end. */
export interface RemoteEnd extends Remote {
  /** The interface, a number within the socket's network namespace. */
  ifindex: number;
  /** The socket lives in the host's network namespace, so that `ifindex` names one of the host's links. */
  hostNetns: boolean;
  /** How the packet was addressed; broadcasts and multicasts stay on the link they were sent on. */
  packetType: 'unicast' | 'broadcast' | 'multicast';
  /** `port` is the owner's own: then it says nothing about the remote. */
  serviceIsLocal?: boolean;
}

/** What the host knows of its surroundings, at one moment. */
export interface Surroundings {
  /** The host's own way to an address. */
  route(address: string): Route;
  /** One of the host's interfaces; `undefined` when it is gone. */
  link(ifindex: number): LinkView | undefined;
  /**
   * The known proxy that listens there. `ownAddress`: the address is one of the host's own, where a
   * published port of a proxy's container counts whatever address was used.
   */
  proxyAt(remote: Remote, ownAddress: boolean): string | undefined;
  /** Networks of container engines that the host itself has no route into, such as overlays. */
  isEngineNetwork?(address: string): boolean;
}

export interface Placement {
  class: TrafficClass;
  /** The uplink that the bytes crossed; `undefined` for bytes that crossed none. */
  link: string | undefined;
  /** Name of the proxy, for class `proxy`. */
  proxy: string | undefined;
}

/** The loopback interface is the first of every network namespace (LOOPBACK_IFINDEX, net/net_namespace.h). */
const LOOPBACK_IFINDEX = 1;

/** Class and link of the bytes that an owner exchanged with a remote. */
export function classify(remote: RemoteEnd, around: Surroundings): Placement {
  const scope = addressScope(remote.address);
  if (remote.ifindex === LOOPBACK_IFINDEX || scope === 'loopback') {
    // In a namespace of its own an owner only reaches itself this way, not what listens on the host.
    const proxy = remote.hostNetns ? proxyOf(remote, true, around) : undefined;
    return placement(proxy, 'local', undefined);
  }
  const own = remote.hostNetns ? around.link(remote.ifindex) : undefined;
  if (scope === 'multicast' || scope === 'broadcast' || remote.packetType !== 'unicast') {
    return placement(undefined, 'lan', uplinkName(own));
  }
  // Every link has these, so that without the link they name nothing: no look-up can tell whose they are.
  if (scope === 'link-local' && remote.address.includes(':'))
    return placement(undefined, 'lan', uplinkName(own));
  const route = around.route(remote.address);
  if (route.type === 'local') return placement(proxyOf(remote, true, around), 'local', undefined);
  const proxy = proxyOf(remote, false, around);
  if (scope === 'link-local') return placement(proxy, 'lan', uplinkName(own));
  if (around.isEngineNetwork?.(remote.address) === true) return placement(proxy, 'lan', undefined);
  return wayOut(remote, route, own, proxy);
}

/** Through which link, and whether beyond it: by the socket's interface if it is the host's, else by route. */
function wayOut(
  remote: RemoteEnd,
  route: Route,
  own: LinkView | undefined,
  proxy: string | undefined,
): Placement {
  if (own === undefined || own.ifindex === route.ifindex) {
    // The host forwards no broadcasts: those of other namespaces end at their bridge.
    const forwarded = remote.hostNetns || route.type === 'unicast';
    return placement(proxy, route.beyond ? 'wan' : 'lan', forwarded ? route.uplink : undefined);
  }
  // Another table, a mark or a bound device chose a way that the host's plain look-up does not know.
  const lan = isOnLink(own, remote.address) || !reachesBeyond(own);
  return placement(proxy, lan ? 'lan' : 'wan', uplinkName(own));
}

function proxyOf(remote: RemoteEnd, ownAddress: boolean, around: Surroundings): string | undefined {
  if (remote.port === 0 || remote.serviceIsLocal === true) return undefined;
  return around.proxyAt(remote, ownAddress);
}

function uplinkName(link: LinkView | undefined): string | undefined {
  return link?.uplink === true ? link.name : undefined;
}

function placement(proxy: string | undefined, otherwise: TrafficClass, link: string | undefined): Placement {
  return { class: proxy === undefined ? otherwise : 'proxy', link, proxy };
}
