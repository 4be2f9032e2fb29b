/**
 * metering: from kernel counters to bytes with an owner. Counters become deltas, deltas get a class
 * (wan, lan, proxy, local), a link and an owner, and owners are reconciled against the uplink's counters.
 */
import type { ErrorCode } from '../errors.js';
import type { Bytes, EpochMs, Interval, Traffic } from '../units.js';

/** How good a byte count is. */
export type Tier = 'exact' | 'header' | 'polled' | 'reported' | 'link';

/** Where the other end is. First match wins: proxy, local, lan, wan. */
export type TrafficClass = 'wan' | 'lan' | 'proxy' | 'local';

/** How sure it is that bytes belong to their owner. */
export type Attribution = 'exact' | 'inferred' | 'shared' | 'unattributed';

export type OwnerKind = 'step' | 'pull' | 'engine' | 'container' | 'proxy' | 'relay' | 'host';

/**
 * What bytes belong to. `id` is stable for the life of the thing and unique over all kinds:
 * `container:<64 hex>`, `exec:<BuildKit executor id>` (kind step), `pull:<image>@<epoch ms>`,
 * `engine:<name>`, `relay:<container id or program>`, `run:<id>` and `host:<cgroup path>` (both kind host),
 * `source:<build ref>/<vertex digest>` (kind pull for images, step for ADD and git).
 */
export interface Owner {
  id: string;
  kind: OwnerKind;
  /** For people: container name, step text, image, systemd unit. Hostile input: escape before showing. */
  name: string;
  facts: OwnerFacts;
}

export interface OwnerFacts {
  image?: string;
  composeProject?: string;
  composeService?: string;
  devContainerFolder?: string;
  networkMode?: string;
  /** Path of the cgroup below the cgroup2 mount, `/` for its root. */
  cgroupPath?: string;
  /** Of a build step: the kernel's id of its cgroup, which is larger the later the cgroup was made. */
  cgroupId?: number;
  buildRef?: string;
  stepDigest?: string;
  /** For a relay that stands in for a container, such as a published port's proxy: the container's id. */
  relayedContainer?: string;
}

/** One remote end: an address and, where it is a service's (below 32768), the service's port; else 0. */
export interface Remote {
  /** IPv4 dotted or IPv6 in RFC 5952 form; empty when a tier has no remotes. */
  address: string;
  port: number;
  protocol: 'tcp' | 'udp' | 'other';
}

/** Bytes of one owner to one remote over one link in one interval. */
export interface TrafficRow extends Traffic {
  ownerId: string;
  remote: Remote;
  class: TrafficClass;
  /** Name of the proxy that the remote is, for class `proxy`. */
  proxy?: string | undefined;
  /** Interface name of the link it crossed; undefined for bytes that crossed no uplink. */
  link: string | undefined;
  tier: Tier;
  interval: Interval;
}

/** Counters of one network interface at one instant, as the driver counts. */
export interface LinkCounters extends Traffic {
  /** Packets that its queueing discipline or driver dropped before they were sent, if known. */
  txDropped: number | undefined;
}

/** What is known of a network interface that carries wan traffic. */
export interface LinkFacts {
  /** Interface name, such as `wlp2s0`. */
  interface: string;
  ifindex: number;
  /** Driver's kind: ethernet, wireless, wwan, tunnel, bridge, veth, loopback, other. */
  kind: string;
  mtu: number;
  up: boolean;
  /** Tunnels (wireguard, tun, ppp, vxlan…) carry packets that cross another link once more, wrapped. */
  tunnel: boolean;
}

/** One link's bytes against the owners' bytes routed over it. All figures signed, rx + tx. */
export interface Reconciliation {
  linkBytes: Bytes;
  attributedBytes: Bytes;
  tunnelOverheadBytes: Bytes;
  /** link − attributed − overhead. Negative when packets were counted at a socket and dropped before the link. */
  unattributedBytes: Bytes;
  linkPackets: number;
  attributedPackets: number;
  /** Layer 2 bytes per packet that this link's driver includes in its counters, calibrated; undefined: not yet known. */
  rxHeaderBytes: number | undefined;
  txHeaderBytes: number | undefined;
  /** False when the driver segments or merges in hardware, so that packets cannot be compared. */
  packetsComparable: boolean;
}

/** A position in a monotonic counter, stored with the deltas made from it. */
export interface CounterPosition {
  /** Opaque and stable: a map key in hex, or `link:<name>` and the like. */
  key: string;
  bytes: Bytes;
  packets: number;
}

/** State of one source, for `status`. */
export interface SourceState {
  name: string;
  ok: boolean;
  because: string | undefined;
  /** Of the failure, as documented in docs/errors.md. */
  code?: ErrorCode | undefined;
  /** What to do about it. */
  hint?: string | undefined;
  lastDurationMs: number | undefined;
  lastAt: EpochMs | undefined;
}
