import { NETLINK_ROUTE, NetlinkSocket, OVERRUN } from '../../sys/netlink-socket.js';
import { RTM_DELADDR, RTM_NEWADDR, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR } from './address-message.js';
import { type Link, parseLink, RTM_DELLINK, RTM_NEWLINK, RTNLGRP_LINK } from './link-message.js';
import { eachMessage, type NetlinkMessage, readU8 } from './netlink-message.js';
import {
  parseRoute,
  type RouteEntry,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_ROUTE,
} from './route-message.js';

const AF_UNSPEC = 0;
/** linux/rtnetlink.h */
const RTNLGRP_IPV4_RULE = 8;
const RTNLGRP_IPV6_RULE = 19;
const RTNLGRP_NEXTHOP = 32;

export const LINK_GROUPS: readonly number[] = [RTNLGRP_LINK];
export const NETWORK_GROUPS: readonly number[] = [
  RTNLGRP_LINK,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV4_RULE,
  RTNLGRP_IPV6_RULE,
  RTNLGRP_NEXTHOP,
];

/** Room for the events of some thousand containers that come and go between two ticks. */
const QUEUE_BYTES = 8 << 20;

export interface LinkEvent {
  gone: boolean;
  link: Link;
}

/** What the kernel announced since the last poll, in its order. */
export interface Changes {
  links: LinkEvent[];
  routes: RouteEntry[];
  addresses: boolean;
  /** Announcements were lost, or concern every route: nothing that was learnt before can be relied on. */
  everything: boolean;
}

export function noChanges(): Changes {
  return { links: [], routes: [], addresses: false, everything: false };
}

/** Adds later changes to earlier ones, in place. */
export function addChanges(changes: Changes, more: Changes): void {
  changes.links.push(...more.links);
  changes.routes.push(...more.routes);
  changes.addresses ||= more.addresses;
  changes.everything ||= more.everything;
}

/** The kernel's announcements of changed links, addresses, routes and rules; read, never waited for. */
export class ChangeFeed {
  readonly #socket: NetlinkSocket;

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Subscribes in the network namespace of the calling thread. */
  static open(groups: readonly number[]): ChangeFeed {
    return new ChangeFeed(NetlinkSocket.open({ protocol: NETLINK_ROUTE, groups, queueBytes: QUEUE_BYTES }));
  }

  poll(): Changes {
    const changes = noChanges();
    for (;;) {
      const datagram = this.#socket.receive();
      if (datagram === undefined) return changes;
      if (datagram === OVERRUN) changes.everything = true;
      else readChanges(datagram, changes);
    }
  }

  /** Calls back when there is something to poll. Does not keep the process alive. */
  watch(onReadable: () => void): void {
    this.#socket.watch(onReadable);
  }

  close(): void {
    this.#socket.close();
  }
}

/** Adds a datagram's announcements; one that cannot be read counts as lost. */
export function readChanges(datagram: Uint8Array, changes: Changes): void {
  try {
    eachMessage(datagram, (message) => readChange(message, changes));
  } catch {
    changes.everything = true;
  }
}

function readChange({ type, payload }: NetlinkMessage, changes: Changes): void {
  if (type === RTM_NEWLINK || type === RTM_DELLINK) {
    // A bridge announces its ports in the same words: leaving it looks like a link's end.
    if (readU8(payload) !== AF_UNSPEC) return;
    const link = parseLink(payload);
    // Wireless drivers announce their own events so, without a name and all the rest.
    if (link.name !== '') changes.links.push({ gone: type === RTM_DELLINK, link });
  } else if (type === RTM_NEWROUTE || type === RTM_DELROUTE) {
    changes.routes.push(parseRoute(payload));
  } else if (type === RTM_NEWADDR || type === RTM_DELADDR) {
    changes.addresses = true;
  } else {
    changes.everything = true;
  }
}
