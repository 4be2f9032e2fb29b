/** Packets and capture files made byte by byte, without any code of the readers. */

export function ethernet(etherType: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(12, 2), be16(etherType), payload]);
}

export interface Ipv4Fields {
  from?: string;
  to?: string;
  protocol?: number;
  /** In units of 8 bytes. */
  fragmentOffset?: number;
  totalLength?: number;
  options?: Buffer;
}

export function ipv4(payload: Buffer, fields: Ipv4Fields = {}): Buffer {
  const { from = '192.0.2.1', to = '198.51.100.2', protocol = 17, fragmentOffset = 0 } = fields;
  const options = fields.options ?? Buffer.alloc(0);
  const header = Buffer.alloc(20);
  header[0] = 0x45 + options.length / 4;
  header.writeUInt16BE(fields.totalLength ?? 20 + options.length + payload.length, 2);
  header.writeUInt16BE(fragmentOffset, 6);
  header[9] = protocol;
  header.set(from.split('.').map(Number), 12);
  header.set(to.split('.').map(Number), 16);
  return Buffer.concat([header, options, payload]);
}

/** @param from and `to`: the last byte of 2001:db8::… */
export function ipv6(payload: Buffer, next: number, from = 1, to = 2): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(payload.length, 4);
  header[6] = next;
  for (const [at, last] of [
    [8, from],
    [24, to],
  ] as const) {
    header.set([0x20, 0x01, 0x0d, 0xb8], at);
    header[at + 15] = last;
  }
  return Buffer.concat([header, payload]);
}

export function udp(payload: Buffer, from = 40_000, to = 53): Buffer {
  return Buffer.concat([be16(from), be16(to), be16(8 + payload.length), be16(0), payload]);
}

export function tcp(payload: Buffer, sequence = 1, from = 40_000, to = 443): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(from, 0);
  header.writeUInt16BE(to, 2);
  header.writeUInt32BE(sequence >>> 0, 4);
  header[12] = 0x50;
  return Buffer.concat([header, payload]);
}

export function be16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

export type Endian = 'big' | 'little';

function number(value: number, bytes: 2 | 4, endian: Endian): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (endian === 'big') buffer.writeUIntBE(value, 0, bytes);
  else buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

export interface Recorded {
  bytes: Buffer;
  seconds?: number;
  /** In the file's own unit. */
  fraction?: number;
  wireLength?: number;
}

export interface PcapFields {
  endian?: Endian;
  magic?: number;
  version?: [number, number];
  linkType?: number;
}

export function pcapFile(packets: Recorded[], fields: PcapFields = {}): Buffer {
  const { endian = 'little', magic = 0xa1b2c3d4, version = [2, 4], linkType = 1 } = fields;
  const n = (value: number, bytes: 2 | 4 = 4) => number(value, bytes, endian);
  const parts = [n(magic), n(version[0], 2), n(version[1], 2), n(0), n(0), n(65_535), n(linkType)];
  for (const { bytes, seconds = 1000, fraction = 0, wireLength = bytes.length } of packets) {
    parts.push(n(seconds), n(fraction), n(bytes.length), n(wireLength), bytes);
  }
  return Buffer.concat(parts);
}

export function block(type: number, body: Buffer, endian: Endian): Buffer {
  const padding = Buffer.alloc((4 - (body.length % 4)) % 4);
  const length = number(12 + body.length + padding.length, 4, endian);
  return Buffer.concat([number(type, 4, endian), length, body, padding, length]);
}

export function sectionHeader(endian: Endian): Buffer {
  const n = (value: number, bytes: 2 | 4) => number(value, bytes, endian);
  return block(
    0x0a0d0d0a,
    Buffer.concat([n(0x1a2b3c4d, 4), n(1, 2), n(0, 2), Buffer.alloc(8, 0xff)]),
    endian,
  );
}

export function interfaceBlock(
  endian: Endian,
  linkType: number,
  options: [code: number, value: Buffer][] = [],
  snapLength = 0,
): Buffer {
  const n = (value: number, bytes: 2 | 4) => number(value, bytes, endian);
  const encoded = options.flatMap(([code, value]) => [
    n(code, 2),
    n(value.length, 2),
    value,
    Buffer.alloc((4 - (value.length % 4)) % 4),
  ]);
  return block(1, Buffer.concat([n(linkType, 2), n(0, 2), n(snapLength, 4), ...encoded]), endian);
}

export function enhancedPacket(
  endian: Endian,
  bytes: Buffer,
  owner = 0,
  ticks = 0n,
  wire = bytes.length,
): Buffer {
  const n = (value: number) => number(value, 4, endian);
  const high = n(Number(ticks >> 32n));
  const low = n(Number(ticks & 0xffffffffn));
  return block(6, Buffer.concat([n(owner), high, low, n(bytes.length), n(wire), bytes]), endian);
}

export function obsoletePacket(endian: Endian, bytes: Buffer, owner: number): Buffer {
  const n = (value: number, size: 2 | 4) => number(value, size, endian);
  const lengths = [n(bytes.length, 4), n(bytes.length, 4)];
  return block(2, Buffer.concat([n(owner, 2), n(3, 2), n(0, 4), n(0, 4), ...lengths, bytes]), endian);
}

export function simplePacket(endian: Endian, bytes: Buffer, wire = bytes.length): Buffer {
  return block(3, Buffer.concat([number(wire, 4, endian), bytes]), endian);
}
