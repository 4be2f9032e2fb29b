/** Looks for names in the payload of packets, also in packets inside of tunnels. */
import { u16, u32 } from '../bytes.js';
import { IpHeader, readIp } from '../ip.js';
import { ethernet, etherType, ppp } from '../link-layer.js';
import { addressText, TrafficTable } from '../traffic-table.js';
import { namesLeadingTo, readDns } from './dns.js';
import { Fragments } from './fragments.js';
import { looksLikeRequest, readRequest } from './http.js';
import type { NameTable } from './name-table.js';
import { looksLikeQuicInitial, QuicNames } from './quic.js';
import type { QuicCrypto } from './quic-keys.js';
import { Streams } from './streams.js';
import { looksLikeClientHello, readClientHelloRecords } from './tls.js';

const TCP = 6;
const UDP = 17;
const DEEPEST_TUNNEL = 4;
const MOST_PROXIED = 65_536;
const INNER_FLOWS = 65_536;

const DNS_PORTS = [53, 5353, 5355];
const SSDP_PORT = 1900;
const VXLAN_PORT = 4789;
const GTP_PORT = 2152;
const SOCKS_PORT = 1080;

export class NameFinder {
  private readonly streams = new Streams();
  private readonly fragments = new Fragments();
  private readonly quic: QuicNames | undefined;
  /** Tells the conversations inside of tunnels apart. Their streams have negative numbers from -2 down. */
  private inner: TrafficTable | undefined;
  private readonly innerIp = new IpHeader();
  /** Streams that go to a proxy, whose address is not the named server's. */
  private readonly proxied = new Set<number>();

  /** @param crypto without it, QUIC's names are not looked for */
  constructor(
    private readonly names: NameTable,
    crypto: QuicCrypto | undefined,
  ) {
    this.quic = crypto && new QuicNames(crypto);
  }

  /** @param stream as {@link TrafficTable.count} numbers conversations and directions */
  packet(ip: IpHeader, bytes: Uint8Array, stream: number): void {
    this.look(ip, bytes, stream, 0);
  }

  private look(ip: IpHeader, bytes: Uint8Array, stream: number, depth: number): void {
    const { protocol, payload, end } = ip;
    if (ip.fragmented && (protocol === TCP || protocol === UDP)) {
      const packet = this.fragments.add(ip, bytes);
      if (packet !== undefined) this.look(packet.ip, packet.bytes, stream, depth);
    }
    if (ip.laterFragment) return;
    if (protocol === TCP) this.tcp(ip, bytes, stream);
    else if (protocol === UDP) this.udp(ip, bytes, stream, depth);
    else if (protocol === 4 || protocol === 41) this.tunnel(payload, bytes, end, depth);
    else if (protocol === 47) this.tunnel(insideGre(bytes, payload, end), bytes, end, depth);
  }

  private tcp(ip: IpHeader, bytes: Uint8Array, stream: number): void {
    const { payload: at, end } = ip;
    if (end - at < 20) return;
    const from = at + (bytes[at + 12]! >> 4) * 4;
    if (from >= end || from < at + 20) return;
    const sequence = u32(bytes, at + 4);
    if (this.streams.continue(stream, sequence, bytes, from, end)) return;
    const first = bytes[from]!;
    if (first === 22 && looksLikeClientHello(bytes, from, end)) {
      const server = addressText(bytes, ip.destination, ip.version === 4 ? 4 : 16);
      this.streams.begin(stream, sequence, bytes, from, end, (data, start, to) => {
        const reading = readClientHelloRecords(data, start, to);
        if (reading.done && reading.name !== undefined)
          this.addServer('tls-sni', reading.name, stream, server);
        return reading.done;
      });
    } else if (first >= 65 && first <= 90 && looksLikeRequest(bytes, from, end)) {
      this.request(ip, bytes, sequence, from, stream);
    } else if (u16(bytes, at) === 53 || u16(bytes, at + 2) === 53) {
      this.streams.begin(stream, sequence, bytes, from, end, (data, start, to) =>
        this.dnsStream(data, start, to),
      );
    } else if ((first === 4 || first === 5) && u16(bytes, at + 2) === SOCKS_PORT) {
      this.markProxied(stream);
    }
  }

  private udp(ip: IpHeader, bytes: Uint8Array, stream: number, depth: number): void {
    const { payload: at, end } = ip;
    const from = at + 8;
    if (from >= end) return;
    const source = u16(bytes, at);
    const destination = u16(bytes, at + 2);
    if (DNS_PORTS.includes(source) || DNS_PORTS.includes(destination)) this.dns(bytes, from, end);
    else if (destination === SSDP_PORT) this.request(ip, bytes, 0, from, -1);
    else if (destination === VXLAN_PORT) {
      if (end - from > 8) this.tunnel(ethernet(bytes, from + 8, end), bytes, end, depth);
    } else if (destination === GTP_PORT) this.tunnel(insideGtp(bytes, from, end), bytes, end, depth);
    else if (this.quic !== undefined && stream !== -1 && looksLikeQuicInitial(bytes, from, end)) {
      const name = this.quic.read(stream, bytes, from, end);
      if (name !== undefined)
        this.addServer(
          'quic-sni',
          name,
          stream,
          addressText(bytes, ip.destination, ip.version === 4 ? 4 : 16),
        );
    }
  }

  private request(ip: IpHeader, bytes: Uint8Array, sequence: number, from: number, stream: number): void {
    const server = addressText(bytes, ip.destination, ip.version === 4 ? 4 : 16);
    this.streams.begin(stream, sequence, bytes, from, ip.end, (data, start, to) => {
      const reading = readRequest(data, start, to);
      if (!reading.done || reading.host === undefined) return reading.done;
      if (reading.host.viaProxy) this.markProxied(stream);
      this.addServer('http-host', reading.host.host, stream, server);
      return true;
    });
  }

  private addServer(
    source: 'tls-sni' | 'quic-sni' | 'http-host',
    name: string,
    stream: number,
    address: string,
  ): void {
    this.names.add(source, name, this.proxied.has(stream) ? undefined : address);
  }

  private markProxied(stream: number): void {
    if (stream !== -1 && this.proxied.size < MOST_PROXIED) this.proxied.add(stream);
  }

  /** Messages with two bytes of length each; done when the last is complete. */
  private dnsStream(bytes: Uint8Array, from: number, to: number): boolean {
    let at = from;
    while (to - at >= 2) {
      const next = at + 2 + u16(bytes, at);
      if (next > to) return false;
      this.dns(bytes, at + 2, next);
      at = next;
    }
    return at === to;
  }

  private dns(bytes: Uint8Array, from: number, to: number): void {
    const message = readDns(bytes, from, to);
    if (message === undefined) return;
    for (const name of message.questions) this.names.add('dns', name, undefined);
    for (const record of message.addresses) {
      const address = addressText(bytes, record.address, record.length);
      for (const name of namesLeadingTo(record.name, message.aliases)) this.names.add('dns', name, address);
    }
  }

  /** @param at of an IP header; negative when there is none */
  private tunnel(at: number, bytes: Uint8Array, to: number, depth: number): void {
    const ip = this.innerIp;
    if (at < 0 || at >= to || depth === DEEPEST_TUNNEL || !readIp(ip, bytes, at, to)) return;
    this.inner ??= new TrafficTable(INNER_FLOWS, INNER_FLOWS);
    const flow = this.inner.count(ip, bytes, to - at);
    this.look(ip, bytes, flow < 0 ? -1 : -2 - flow, depth + 1);
  }
}

/** RFC 2784 and 2890; version 1 is PPTP's, RFC 2637. Negative when no IP is inside. */
function insideGre(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 4) return -1;
  const flags = bytes[from]!;
  const version = bytes[from + 1]! & 7;
  let at = from + 4;
  // Checksum, key, sequence number; and version 1's acknowledgement number.
  for (const bit of [0x80, 0x20, 0x10]) if (flags & bit) at += 4;
  if (version === 1) return ppp(bytes, bytes[from + 1]! & 0x80 ? at + 4 : at, to);
  if (version !== 0) return -1;
  const type = u16(bytes, from + 2);
  // Transparent Ethernet bridging.
  return type === 0x6558 ? ethernet(bytes, at, to) : etherType(type, bytes, at, to);
}

/** GTPv1-U's G-PDU (3GPP TS 29.281, section 5.1). */
function insideGtp(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 8 || bytes[from]! >> 4 !== 3 || bytes[from + 1] !== 0xff) return -1;
  const options = (bytes[from]! & 7) !== 0;
  if (!options) return from + 8;
  let at = from + 12;
  let next = to > from + 11 ? bytes[from + 11]! : 0;
  while (next !== 0) {
    const length = at < to ? bytes[at]! * 4 : 0;
    if (length === 0 || at + length > to) return -1;
    next = bytes[at + length - 1]!;
    at += length;
  }
  return at;
}
