/**
 * How many bytes of layer 2 a link's driver adds to every packet in its counters. Drivers differ, and one
 * driver may differ between receive and transmit: a veth pair with GRO counts IP packets on receive and
 * Ethernet frames on transmit. So it is measured, against what sockets counted of the same packets.
 *
 * Sums are kept from the start of a window, not per tick: link and sockets are never read at the same
 * instant, and what one tick counts too early is missing from the next.
 */
import type { Bytes } from '../units.js';

/** One direction of one link between two samples. */
export interface CalibrationSample {
  /** What the driver counted. */
  linkBytes: Bytes;
  linkPackets: number;
  /** IP-level bytes and packets of all owners routed over the link. */
  ownerBytes: Bytes;
  ownerPackets: number;
}

/** What is known of one direction of one link. Values; `calibrate` returns a new one. */
export interface Calibration {
  /** Bytes per packet in the driver's counters beyond the IP packet; `undefined`: not yet known. */
  headerBytes: number | undefined;
  /** Packets of link and owners agreed; `undefined`: not enough of them to tell. */
  packetsMatch: boolean | undefined;
  /** Sums of the window that is being filled. */
  window: CalibrationSample;
  /** Another value than `headerBytes` was found in this many windows in a row. */
  contradiction: { headerBytes: number; windows: number } | undefined;
}

/**
 * What drivers add: 0 raw IP (tun, wwan, PPP, veth with NAPI), 4 tun's packet information (tun_pi in
 * linux/if_tun.h), 8 a PPPoE session's header (RFC 2516 with RFC 1661), 14 an Ethernet header (IEEE 802.3),
 * 18 with its checksum or a VLAN tag (802.1Q), 22 with both, 26 with two tags.
 */
const KNOWN_HEADERS: readonly number[] = [0, 4, 8, 14, 18, 22, 26];
/** How far from one of them a measurement may be: less than half of their least distance. */
const TOLERANCE_BYTES = 1;
/** Fewer packets than this prove nothing, unless they fit exactly. */
const LEAST_PACKETS = 1000;
/** Where nothing at all is left over, fewer do, and where no more is than small packets of the kernel's own. */
const LEAST_EXACT_PACKETS = 64;
/** A packet that only the link counted is the kernel's own, ARP or ICMPv6 as a rule: so small at most. */
const SMALL_PACKET_BYTES = 128;
/** Of so many packets, one may be such a stray. */
const PACKETS_PER_STRAY = 100;
/** A window that has not told by then is given up: the link carries packets of nobody, or merged ones. */
const MOST_PACKETS = 200_000;
/** What a packet that only one side counted may weigh: one of full size on Ethernet. */
const FULL_PACKET_BYTES = 1500;
/** Windows that must agree before a known value is given up: offloads may be switched on a running link. */
const WINDOWS_TO_CHANGE = 3;

export function uncalibrated(): Calibration {
  return { headerBytes: undefined, packetsMatch: undefined, window: emptyWindow(), contradiction: undefined };
}

/** Takes what was counted between two samples into account. */
export function calibrate(known: Calibration, sample: CalibrationSample): Calibration {
  const window = {
    linkBytes: known.window.linkBytes + sample.linkBytes,
    linkPackets: known.window.linkPackets + sample.linkPackets,
    ownerBytes: known.window.ownerBytes + sample.ownerBytes,
    ownerPackets: known.window.ownerPackets + sample.ownerPackets,
  };
  const most = Math.max(window.linkPackets, window.ownerPackets);
  const exact = known.headerBytes === undefined ? exactHeaderOf(window) : undefined;
  const conclusive = most >= LEAST_PACKETS && isConclusive(window);
  if (exact === undefined && !conclusive && most < MOST_PACKETS) return { ...known, window };
  const found = exact ?? (conclusive ? headerOf(window) : undefined);
  const next = { ...known, window: emptyWindow(), packetsMatch: exact !== undefined || conclusive };
  if (found === undefined) return next;
  if (known.headerBytes === undefined || found === known.headerBytes) {
    return { ...next, headerBytes: found, contradiction: undefined };
  }
  const windows = known.contradiction?.headerBytes === found ? known.contradiction.windows + 1 : 1;
  if (windows < WINDOWS_TO_CHANGE) return { ...next, contradiction: { headerBytes: found, windows } };
  return { ...next, headerBytes: found, contradiction: undefined };
}

/** The driver's bytes without what it adds; as counted while that is not yet known. */
export function withoutHeaders(bytes: Bytes, packets: number, calibration: Calibration): Bytes {
  return bytes - packets * (calibration.headerBytes ?? 0);
}

/**
 * The one header with which nothing is left over but small packets that no owner has. It decides with few
 * packets, where link and sockets were read while nothing was on its way.
 */
function exactHeaderOf(window: CalibrationSample): number | undefined {
  const strays = window.linkPackets - window.ownerPackets;
  if (window.ownerPackets < LEAST_EXACT_PACKETS || strays < 0) return undefined;
  if (strays * PACKETS_PER_STRAY > window.linkPackets) return undefined;
  const fitting = KNOWN_HEADERS.filter((header) => {
    const left = window.linkBytes - header * window.linkPackets - window.ownerBytes;
    return left >= 0 && left <= strays * SMALL_PACKET_BYTES;
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

function headerOf({ linkBytes, linkPackets, ownerBytes }: CalibrationSample): number | undefined {
  const measured = (linkBytes - ownerBytes) / linkPackets;
  return KNOWN_HEADERS.find((header) => Math.abs(measured - header) <= TOLERANCE_BYTES);
}

/**
 * The packets that only one side counted (ARP, resets, what was on its way between two readings) cannot
 * have moved the bytes per packet by more than the tolerance.
 */
function isConclusive({ linkPackets, linkBytes, ownerPackets }: CalibrationSample): boolean {
  if (linkPackets === 0) return false;
  const unmatched = Math.abs(linkPackets - ownerPackets);
  const weight = Math.max(FULL_PACKET_BYTES, linkBytes / linkPackets);
  return (unmatched * weight) / linkPackets <= TOLERANCE_BYTES;
}

function emptyWindow(): CalibrationSample {
  return { linkBytes: 0, linkPackets: 0, ownerBytes: 0, ownerPackets: 0 };
}
