/**
 * pcapng files: sections of either byte order, several interfaces, enhanced, simple and obsolete packet
 * blocks, name resolution; other blocks are passed over.
 * Format: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/
 */
import { NetmeterError } from '../errors.js';
import { BIG_ENDIAN, type ByteOrder, concat, copyOf, LITTLE_ENDIAN, u32 } from './bytes.js';
import { type CaptureInterface, readInterface, timeOf } from './pcapng-interface.js';
import { readNameResolution } from './pcapng-names.js';
import { type CaptureProblem, type CaptureReader, LARGEST_PACKET, type PacketSink } from './types.js';

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const NAME_RESOLUTION = 4;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

const BLOCK_FRAME = 12;
/** A packet with its header and generous options; larger blocks of known types are damage. */
const LARGEST_BLOCK = LARGEST_PACKET + 65_536;
const MOST_INTERFACES = 65_536;

export function isPcapngMagic(bytes: Uint8Array): boolean {
  return u32(bytes, 0) === SECTION_HEADER;
}

export class PcapngReader implements CaptureReader {
  readonly format = 'pcapng';
  problem: CaptureProblem | undefined;
  skippedBlocks = 0;
  private order: ByteOrder | undefined;
  private interfaces: CaptureInterface[] = [];
  private rest: Uint8Array = new Uint8Array(0);
  private offset = 0;
  /** Bytes still to come of a block that is passed over. */
  private skip = 0;

  constructor(private readonly sink: PacketSink) {}

  push(chunk: Uint8Array): void {
    if (this.problem !== undefined) return;
    let bytes = chunk;
    if (this.skip > 0) {
      const skipped = Math.min(this.skip, chunk.length);
      this.skip -= skipped;
      this.offset += skipped;
      bytes = chunk.subarray(skipped);
      if (bytes.length === 0) return;
    }
    bytes = concat(this.rest, bytes);
    const consumed = this.readBlocks(bytes);
    this.offset += consumed;
    this.rest = copyOf(bytes, consumed);
  }

  end(): void {
    if (this.problem !== undefined) return;
    if (this.order === undefined) {
      throw new NetmeterError('unreadable-input', 'the pcapng section header at offset 0 is cut off');
    }
    if (this.skip > 0 || this.rest.length > 0) this.fail(0, 'the last block is cut off');
  }

  /** @returns how many bytes were whole blocks */
  private readBlocks(bytes: Uint8Array): number {
    let at = 0;
    while (bytes.length - at >= BLOCK_FRAME && this.problem === undefined) {
      const isSection = u32(bytes, at) === SECTION_HEADER;
      const order = isSection ? sectionOrder(bytes, at) : this.order;
      if (order === undefined) {
        this.fail(at, 'the section header has no byte-order magic');
        break;
      }
      const type = order.u32(bytes, at);
      const length = padTo4(order.u32(bytes, at + 4));
      if (length < BLOCK_FRAME || (isRead(type) && length > LARGEST_BLOCK)) {
        this.fail(at, `a block of type ${type} claims to be ${length} bytes long`);
        break;
      }
      if (!isRead(type)) this.skippedBlocks += 1;
      if (length > bytes.length - at) {
        if (isRead(type)) break;
        this.skip = length - (bytes.length - at);
        return bytes.length;
      }
      const wrong = isRead(type) ? this.readBlock(type, bytes, at, length, order) : undefined;
      if (wrong === undefined) at += length;
      else this.fail(at, wrong);
    }
    return at;
  }

  /** @returns what is wrong with it */
  private readBlock(
    type: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    order: ByteOrder,
  ): string | undefined {
    const trailer = order.u32(bytes, at + length - 4);
    if (padTo4(trailer) !== length)
      return `a block begins with the length ${length} and ends with ${trailer}`;
    const from = at + 8;
    const to = at + length - 4;
    switch (type) {
      case SECTION_HEADER:
        return this.beginSection(bytes, from, to, order);
      case INTERFACE:
        return this.addInterface(bytes, from, to, order);
      case NAME_RESOLUTION:
        readNameResolution(bytes, from, to, order, this.sink);
        return undefined;
      case SIMPLE_PACKET:
        return this.simplePacket(bytes, from, to, order);
      default:
        return this.packet(type, bytes, from, to, order);
    }
  }

  private beginSection(bytes: Uint8Array, from: number, to: number, order: ByteOrder): string | undefined {
    if (to - from < 16) return `a section header of ${to - from} bytes is too short`;
    const major = order.u16(bytes, from + 4);
    if (major !== 1) return `pcapng version ${major}.${order.u16(bytes, from + 6)} is not known`;
    this.order = order;
    this.interfaces = [];
    return undefined;
  }

  private addInterface(bytes: Uint8Array, from: number, to: number, order: ByteOrder): string | undefined {
    const found = readInterface(bytes, from, to, order);
    if (found === undefined) return 'an interface description is too short';
    if (this.interfaces.length === MOST_INTERFACES) return 'there are too many interfaces';
    this.interfaces.push(found);
    this.sink.linkType(found.linkType);
    return undefined;
  }

  /** Enhanced and obsolete packets differ in the first four bytes: an interface, or one and a drop count. */
  private packet(
    type: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    order: ByteOrder,
  ): string | undefined {
    const data = from + 20;
    if (to < data) return 'a packet block is too short';
    const number = type === OBSOLETE_PACKET ? order.u16(bytes, from) : order.u32(bytes, from);
    const owner = this.interfaces[number];
    if (owner === undefined) return `a packet is of interface ${number}, which is not described`;
    const captured = order.u32(bytes, from + 12);
    if (captured > to - data) {
      return `a packet block with ${to - data} bytes of data claims ${captured} captured bytes`;
    }
    const time = timeOf(order.u32(bytes, from + 4), order.u32(bytes, from + 8), owner);
    this.sink.packet(owner.linkType, bytes, data, data + captured, order.u32(bytes, from + 16), time);
    return undefined;
  }

  /** Of the first interface, without time, and cut at its snapshot length. */
  private simplePacket(bytes: Uint8Array, from: number, to: number, order: ByteOrder): string | undefined {
    const owner = this.interfaces[0];
    if (owner === undefined) return 'a simple packet has no interface';
    const data = from + 4;
    if (to < data) return 'a packet block is too short';
    const wire = order.u32(bytes, from);
    const kept = owner.snapLength > 0 ? Math.min(wire, owner.snapLength) : wire;
    this.sink.packet(owner.linkType, bytes, data, Math.min(to, data + kept), wire, undefined);
    return undefined;
  }

  private fail(at: number, reason: string): void {
    const offset = this.offset + at;
    if (this.order === undefined) {
      throw new NetmeterError('unreadable-input', `no pcapng capture: ${reason}, at offset ${offset}`);
    }
    this.problem = { offset, reason };
  }
}

function isRead(type: number): boolean {
  return (
    type === SECTION_HEADER ||
    type === ENHANCED_PACKET ||
    type === SIMPLE_PACKET ||
    type === INTERFACE ||
    type === OBSOLETE_PACKET ||
    type === NAME_RESOLUTION
  );
}

function sectionOrder(bytes: Uint8Array, at: number): ByteOrder | undefined {
  for (const order of [LITTLE_ENDIAN, BIG_ENDIAN]) {
    if (order.u32(bytes, at + 8) === BYTE_ORDER_MAGIC) return order;
  }
  return undefined;
}

/** Some writers leave the padding out of the length; readers are told to round up. Not with bit operations: 32 bits are unsigned. */
function padTo4(length: number): number {
  return Math.ceil(length / 4) * 4;
}
