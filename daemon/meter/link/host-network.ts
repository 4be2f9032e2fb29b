import { addressScope } from '../../../src/metering/address.js';
import {
  type LinkView,
  type Prefix,
  type Route,
  routeThrough,
  UNREACHABLE,
} from '../../../src/metering/route.js';
import type { Changes } from './change-feed.js';
import { isLoopback, isPointToPoint, isTunnel } from './link-kind.js';
import { IFF_LOWER_UP, IFF_UP, type Link, parseLink, RTM_GETLINK } from './link-message.js';
import { RouteCache } from './route-cache.js';
import { type RouteFacts, routeFacts, tellsOfLinks } from './route-facts.js';
import {
  AF_INET,
  AF_INET6,
  lookupKey,
  parseRoute,
  type RouteEntry,
  RTA_DST,
  RTM_GETROUTE,
  routeRequest,
} from './route-message.js';
import type { Rtnetlink } from './rtnetlink.js';

/** struct ifinfomsg, all zero: every link. */
const ALL_LINKS = new Uint8Array(16);
const NO_FACTS: RouteFacts = { hasGateway: false, defaultWithoutGateway: false, connected: [] };

/** A link that is known, with what the routes say about it. */
interface KnownLink {
  link: Link;
  view: LinkView;
}

/**
 * The host's links and its ways out, kept up to date from the kernel's announcements. It remembers; the
 * questions go through the connection it is given.
 */
export class HostNetwork {
  readonly #rtnetlink: Rtnetlink;
  /** Interfaces to take for uplinks; `undefined`: those that lead beyond. */
  readonly #chosen: readonly string[] | undefined;
  readonly #links = new Map<number, KnownLink>();
  /** Those that vanished in this tick: what they carried in it is still to be placed. */
  readonly #leaving = new Map<number, LinkView>();
  readonly #routes = new RouteCache(
    (address) => this.#lookUp(address),
    (ifindex) => ifindex !== undefined && this.#leaving.has(ifindex),
  );
  #generation = 0;
  #addressGeneration = 0;

  constructor(rtnetlink: Rtnetlink, chosen: readonly string[] | undefined) {
    this.#rtnetlink = rtnetlink;
    this.#chosen = chosen;
  }

  /** Changes whenever a remote may have another class or link than before. */
  get generation(): number {
    return this.#generation;
  }

  /** Changes whenever the host's own addresses do. */
  get addressGeneration(): number {
    return this.#addressGeneration;
  }

  /** Reads everything. Cached routes become stale. */
  load(): void {
    const links = this.#rtnetlink.dump(RTM_GETLINK, ALL_LINKS, parseLink);
    const present = new Set(links.map(({ ifindex }) => ifindex));
    for (const ifindex of this.#links.keys()) if (!present.has(ifindex)) this.#forget(ifindex);
    for (const link of links) this.#remember(link);
    this.#readRouteFacts();
    this.#routes.forgetAll();
    this.#generation++;
  }

  /**
   * Takes announcements into account, once a tick, whether there are any or not.
   * @returns links that appeared, as they were first announced, by ifindex
   */
  apply(changes: Changes): Map<number, Link> {
    const created = new Map<number, Link>();
    let concerned = this.#routes.nextTick() || this.#leaving.size > 0;
    this.#leaving.clear();
    if (changes.addresses || changes.everything) this.#addressGeneration++;
    for (const { gone, link } of changes.links) {
      if (!gone && !this.#links.has(link.ifindex)) created.set(link.ifindex, link);
      if (gone ? this.#removeLink(link.ifindex) : this.#changeLink(link)) concerned = true;
    }
    for (const destination of distinct(changes.routes)) {
      concerned = this.#routes.forgetPrefix(destination) || concerned;
    }
    if (changes.everything) this.load();
    else if (changes.routes.some(tellsOfLinks)) concerned = this.#readRouteFacts() || concerned;
    if (concerned) this.#generation++;
    return created;
  }

  /** Whether these changes can send traffic over another uplink than before. */
  movesTraffic({ links, routes, everything }: Changes): boolean {
    const isUplink = (ifindex: number | undefined) =>
      ifindex !== undefined && this.#links.get(ifindex)?.view.uplink === true;
    return (
      everything ||
      links.some(({ link }) => isUplink(link.ifindex)) ||
      routes.some(
        (route) =>
          tellsOfLinks(route) &&
          (route.destination.bits === 0 || route.hops.some(({ ifindex }) => isUplink(ifindex))),
      )
    );
  }

  route(address: string): Route {
    return this.#routes.get(address);
  }

  link(ifindex: number): LinkView | undefined {
    return this.#links.get(ifindex)?.view ?? this.#leaving.get(ifindex);
  }

  /** The links that carry traffic beyond the neighbours, or that were chosen. */
  uplinks(): Link[] {
    return [...this.#links.values()].filter(({ view }) => view.uplink).map(({ link }) => link);
  }

  names(): string[] {
    return [...this.#links.values()].map(({ link }) => link.name);
  }

  /** True when cached answers are concerned. */
  #changeLink(link: Link): boolean {
    const before = this.#links.get(link.ifindex);
    this.#remember(link);
    if (before === undefined) return false;
    if (before.link.name === link.name && isUp(before.link) === isUp(link)) return false;
    // The kernel does not announce every route that a link takes along, up or down.
    return before.view.uplink ? this.#routes.forgetAll() : this.#routes.forgetLink(link.ifindex);
  }

  #removeLink(ifindex: number): boolean {
    const uplink = this.#links.get(ifindex)?.view.uplink === true;
    this.#forget(ifindex);
    // Flows that were placed by the link itself must be placed anew, whether a route is concerned or not.
    const concerned = uplink ? this.#routes.forgetAll() : this.#routes.forgetLink(ifindex);
    return concerned || uplink;
  }

  #forget(ifindex: number): void {
    const known = this.#links.get(ifindex);
    if (known !== undefined) this.#leaving.set(ifindex, known.view);
    this.#links.delete(ifindex);
  }

  #remember(link: Link): void {
    const before = this.#links.get(link.ifindex)?.view;
    this.#links.set(link.ifindex, { link, view: this.#viewOf(link, before ?? NO_FACTS, before) });
  }

  /** True when what leads beyond has changed, so that every answer is stale. */
  #readRouteFacts(): boolean {
    const dump = (family: number) => this.#rtnetlink.dump(RTM_GETROUTE, routeRequest(family), parseRoute);
    const facts = routeFacts([...dump(AF_INET), ...dump(AF_INET6)]);
    let changed = false;
    for (const [ifindex, known] of this.#links) {
      const { view } = known;
      known.view = this.#viewOf(known.link, facts.get(ifindex) ?? NO_FACTS, view);
      if (leads(known.view) !== leads(view)) changed = true;
    }
    if (changed) this.#routes.forgetAll();
    return changed;
  }

  #viewOf(link: Link, facts: RouteFacts, before: LinkView | undefined): LinkView {
    const tunnel = isTunnel(link);
    const pointToPoint = isPointToPoint(link);
    const { hasGateway, defaultWithoutGateway, connected } = facts;
    const routed = hasGateway || defaultWithoutGateway || ((tunnel || pointToPoint) && connected.length > 0);
    // Once an uplink, always one: what is on its way when the last route goes still belongs to it.
    const leadsBeyond = !isLoopback(link) && (routed || before?.uplink === true);
    return {
      ifindex: link.ifindex,
      name: link.name,
      tunnel,
      pointToPoint,
      uplink: this.#chosen === undefined ? leadsBeyond : this.#chosen.includes(link.name),
      hasGateway,
      defaultWithoutGateway,
      connected,
    };
  }

  #lookUp(address: string): Route {
    const key = lookupKey(address);
    if (key === undefined || addressScope(address) === 'unspecified') return UNREACHABLE;
    const request = routeRequest(key.family, key.bytes.length * 8);
    const answer = this.#rtnetlink.ask(RTM_GETROUTE, request, [[RTA_DST, key.bytes]], parseRoute);
    // ENETUNREACH, EHOSTUNREACH, EACCES (prohibit), EINVAL (blackhole): there is no way.
    if (answer === undefined) return UNREACHABLE;
    const [hop] = answer.hops;
    const view = hop?.ifindex === undefined ? undefined : this.link(hop.ifindex);
    return routeThrough(answer.type, view, address, hop?.gateway);
  }
}

/** Each container brings the same link-local and multicast prefixes. */
function distinct(routes: readonly RouteEntry[]): Iterable<Prefix> {
  return new Map(
    routes.map(({ destination }) => [`${destination.address}/${destination.bits}`, destination]),
  ).values();
}

/** What of a view is part of cached answers. */
function leads({ uplink, hasGateway, defaultWithoutGateway }: LinkView): string {
  return `${uplink} ${hasGateway} ${defaultWithoutGateway}`;
}

function isUp({ flags }: Link): boolean {
  return (flags & IFF_UP) !== 0 && (flags & IFF_LOWER_UP) !== 0;
}
