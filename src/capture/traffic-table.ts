/** Bytes and packets by host and by conversation, of the outermost IP header. */
import { formatAddress } from '../metering/address.js';
import { u16, word } from './bytes.js';
import { Counters } from './counters.js';
import type { IpHeader } from './ip.js';
import { WordTable } from './word-table.js';

export interface HostTraffic {
  address: string;
  txPackets: number;
  rxPackets: number;
  txBytes: number;
  rxBytes: number;
}

/** `a` sent the first packet of it that was captured. Ports are undefined where there are none to read. */
export interface Conversation {
  a: string;
  b: string;
  protocol: number;
  portA: number | undefined;
  portB: number | undefined;
  packetsAB: number;
  bytesAB: number;
  packetsBA: number;
  bytesBA: number;
}

/** What did not fit; it is in the totals all the same. */
export interface LeftOut {
  packets: number;
  bytes: number;
}

const MOST_HOSTS = 262_144;
const MOST_CONVERSATIONS = 524_288;
const NO_PORTS = 0x100;

/** Conversations are looked up by both ends in an order of their own, so that both directions find them. */
const KEY_A = 1;
const KEY_B = 5;
const KEY_PORTS = 9;
const KEY_WIDTH = 10;
const HOST_WIDTH = 5;

export class TrafficTable {
  readonly hostsLeftOut: LeftOut = { packets: 0, bytes: 0 };
  readonly conversationsLeftOut: LeftOut = { packets: 0, bytes: 0 };
  private readonly hostKeys: WordTable;
  private readonly hostCounts = new Counters(4);
  private readonly flowKeys: WordTable;
  private readonly flowCounts = new Counters(4);
  /** Of each conversation: whether its first packet went from the key's second end, and both hosts' numbers. */
  private readonly flowEnds = new Counters(3);
  private readonly key = new Int32Array(KEY_WIDTH);
  private readonly hostKey = new Int32Array(HOST_WIDTH);

  constructor(mostHosts = MOST_HOSTS, mostConversations = MOST_CONVERSATIONS) {
    this.hostKeys = new WordTable(HOST_WIDTH, mostHosts);
    this.flowKeys = new WordTable(KEY_WIDTH, mostConversations);
  }

  /**
   * @param wireBytes added to both hosts and to the conversation
   * @returns twice the conversation's number, plus 1 from `b` to `a`; -1 when it was left out
   */
  count(ip: IpHeader, bytes: Uint8Array, wireBytes: number): number {
    const swapped = this.fillKey(ip, bytes);
    const known = this.flowKeys.count;
    const flow = this.flowKeys.indexOf(this.key);
    if (flow < 0) {
      this.conversationsLeftOut.packets += 1;
      this.conversationsLeftOut.bytes += wireBytes;
      this.countHost(this.hostOf(swapped ? KEY_B : KEY_A), 0, wireBytes);
      this.countHost(this.hostOf(swapped ? KEY_A : KEY_B), 1, wireBytes);
      return -1;
    }
    if (flow === known) {
      this.flowEnds.add(flow, 0, swapped ? 1 : 0);
      this.flowEnds.add(flow, 1, this.hostOf(KEY_A));
      this.flowEnds.add(flow, 2, this.hostOf(KEY_B));
    }
    this.countHost(this.flowEnds.get(flow, swapped ? 2 : 1), 0, wireBytes);
    this.countHost(this.flowEnds.get(flow, swapped ? 1 : 2), 1, wireBytes);
    const direction = (this.flowEnds.get(flow, 0) === 1) === swapped ? 0 : 1;
    this.flowCounts.add(flow, direction * 2, 1);
    this.flowCounts.add(flow, direction * 2 + 1, wireBytes);
    return flow * 2 + direction;
  }

  hosts(): HostTraffic[] {
    return Array.from({ length: this.hostKeys.count }, (_, host) => ({
      address: addressOf(this.hostKeys, host, 0, 1),
      txPackets: this.hostCounts.get(host, 0),
      txBytes: this.hostCounts.get(host, 1),
      rxPackets: this.hostCounts.get(host, 2),
      rxBytes: this.hostCounts.get(host, 3),
    }));
  }

  get conversationCount(): number {
    return this.flowKeys.count;
  }

  conversation(flow: number): Conversation {
    const swapped = this.flowEnds.get(flow, 0) === 1;
    const kind = this.flowKeys.word(flow, 0);
    const ports = this.flowKeys.word(flow, KEY_PORTS);
    const hasPorts = (kind & NO_PORTS) === 0;
    const first = hasPorts ? ports >>> 16 : undefined;
    const second = hasPorts ? ports & 0xffff : undefined;
    return {
      a: addressOf(this.flowKeys, flow, 0, swapped ? KEY_B : KEY_A),
      b: addressOf(this.flowKeys, flow, 0, swapped ? KEY_A : KEY_B),
      protocol: kind & 0xff,
      portA: swapped ? second : first,
      portB: swapped ? first : second,
      packetsAB: this.flowCounts.get(flow, 0),
      bytesAB: this.flowCounts.get(flow, 1),
      packetsBA: this.flowCounts.get(flow, 2),
      bytesBA: this.flowCounts.get(flow, 3),
    };
  }

  private countHost(host: number, direction: 0 | 1, wireBytes: number): void {
    if (host < 0) {
      this.hostsLeftOut.packets += 1;
      this.hostsLeftOut.bytes += wireBytes;
      return;
    }
    this.hostCounts.add(host, direction * 2, 1);
    this.hostCounts.add(host, direction * 2 + 1, wireBytes);
  }

  /** @returns whether the packet's source is the key's second end */
  private fillKey(ip: IpHeader, bytes: Uint8Array): boolean {
    const { key } = this;
    const hasPorts = portsAt(ip);
    key[0] = ip.protocol | (hasPorts ? 0 : NO_PORTS) | (ip.version << 12);
    const words = ip.version === 4 ? 1 : 4;
    for (let i = 0; i < 4; i++) {
      key[KEY_A + i] = i < words ? word(bytes, ip.source + i * 4) : 0;
      key[KEY_B + i] = i < words ? word(bytes, ip.destination + i * 4) : 0;
    }
    const from = hasPorts ? u16(bytes, ip.payload) : 0;
    const to = hasPorts ? u16(bytes, ip.payload + 2) : 0;
    let order = from - to;
    for (let i = words - 1; i >= 0; i--) order = key[KEY_A + i]! - key[KEY_B + i]! || order;
    const swapped = order > 0;
    if (swapped) {
      for (let i = 0; i < words; i++) {
        const other = key[KEY_A + i]!;
        key[KEY_A + i] = key[KEY_B + i]!;
        key[KEY_B + i] = other;
      }
    }
    key[KEY_PORTS] = swapped ? (to << 16) | from : (from << 16) | to;
    return swapped;
  }

  private hostOf(end: number): number {
    this.hostKey[0] = this.key[0]! >> 12;
    for (let i = 0; i < 4; i++) this.hostKey[1 + i] = this.key[end + i]!;
    return this.hostKeys.indexOf(this.hostKey);
  }
}

/** TCP, UDP, DCCP, SCTP and UDP-Lite begin with both ports. */
function portsAt(ip: IpHeader): boolean {
  const { protocol } = ip;
  if (ip.laterFragment || ip.end - ip.payload < 4) return false;
  return protocol === 6 || protocol === 17 || protocol === 33 || protocol === 132 || protocol === 136;
}

function addressOf(keys: WordTable, entry: number, kindPlace: number, place: number): string {
  const kind = keys.word(entry, kindPlace);
  const isV6 = kind === 6 || kind >> 12 === 6;
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) view.setInt32(i * 4, keys.word(entry, place + i));
  return addressText(bytes, 0, isV6 ? 16 : 4);
}

/** Like `formatAddress`, but an IPv4-mapped address in an IPv6 header stays distinct from the IPv4 one. */
export function addressText(bytes: Uint8Array, at: number, length: 4 | 16): string {
  const text = formatAddress(bytes, at, length);
  return length === 4 || text.includes(':') ? text : `::ffff:${text}`;
}
