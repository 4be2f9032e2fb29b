/** Adds up one capture: who talked to whom, how much, and by which names. */
import { formatAddress } from '../metering/address.js';
import type { EpochMs } from '../units.js';
import { IpHeader, readIp } from './ip.js';
import { findIp } from './link-layer.js';
import { NameFinder } from './names/name-finder.js';
import { NameTable } from './names/name-table.js';
import type { QuicCrypto } from './names/quic-keys.js';
import { MALFORMED, NOT_IP, UNKNOWN_LINK_TYPE } from './negative-offset.js';
import { TrafficTable } from './traffic-table.js';
import { LARGEST_PACKET, type PacketSink } from './types.js';

/** Packets that belong to no host, and why. */
export interface Undecoded {
  /** Of a link type that is not known here. */
  linkType: number;
  /** Carries something else than IP, such as ARP. */
  notIp: number;
  /** Too short or broken in or before the IP header. */
  malformed: number;
}

const MOST_LINK_TYPES = 64;

export class CaptureAnalysis implements PacketSink {
  packets = 0;
  capturedBytes = 0;
  wireBytes = 0;
  /** Of the first and of the last packet in the file, which need not be the earliest and the latest. */
  firstAt: EpochMs | undefined;
  lastAt: EpochMs | undefined;
  /** Packets that claim more bytes than any packet has; their bytes are in no sum. */
  implausible = 0;
  readonly undecoded: Undecoded = { linkType: 0, notIp: 0, malformed: 0 };
  readonly linkTypes = new Set<number>();
  readonly traffic = new TrafficTable();
  readonly names = new NameTable();
  private readonly finder: NameFinder;
  private readonly ip = new IpHeader();

  constructor(crypto: QuicCrypto | undefined) {
    this.finder = new NameFinder(this.names, crypto);
  }

  linkType(linkType: number): void {
    if (this.linkTypes.size < MOST_LINK_TYPES) this.linkTypes.add(linkType);
  }

  resolvedName(address: Uint8Array, name: string): void {
    this.names.add('name-resolution', name, formatAddress(address, 0, address.length as 4 | 16));
  }

  packet(
    linkType: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    wireLength: number,
    at: EpochMs | undefined,
  ): void {
    this.packets += 1;
    this.firstAt ??= at;
    this.lastAt = at ?? this.lastAt;
    const plausible = wireLength <= LARGEST_PACKET;
    const wireBytes = plausible ? wireLength : 0;
    if (plausible) this.capturedBytes += to - from;
    else this.implausible += 1;
    this.wireBytes += wireBytes;
    const network = findIp(linkType, bytes, from, to);
    if (network < 0) this.countUndecoded(network);
    else if (!readIp(this.ip, bytes, network, to)) this.countUndecoded(MALFORMED);
    else this.finder.packet(this.ip, bytes, this.traffic.count(this.ip, bytes, wireBytes));
  }

  private countUndecoded(reason: number): void {
    if (reason === UNKNOWN_LINK_TYPE) this.undecoded.linkType += 1;
    else if (reason === NOT_IP) this.undecoded.notIp += 1;
    else this.undecoded.malformed += 1;
  }
}
