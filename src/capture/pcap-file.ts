/**
 * Classic pcap files: `pcap-parser` behind a guard. The parser believes every length in the file, buffers
 * without bound and copies what it holds whenever more comes; the guard hands it whole records only, whose
 * lengths it has checked. Format: https://www.tcpdump.org/manpages/pcap-savefile.5.html
 */
import pcapParser from 'pcap-parser';
import { NetmeterError } from '../errors.js';
import { BIG_ENDIAN, type ByteOrder, concat, copyOf, LITTLE_ENDIAN, u32 } from './bytes.js';
import { type CaptureProblem, type CaptureReader, LARGEST_PACKET, type PacketSink } from './types.js';

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;

/** Whether a file that starts with these four bytes is a classic pcap. */
export function isPcapMagic(bytes: Uint8Array): boolean {
  return magicOf(bytes) !== undefined;
}

function magicOf(bytes: Uint8Array): { order: ByteOrder; nanoseconds: boolean } | undefined {
  for (const order of [BIG_ENDIAN, LITTLE_ENDIAN]) {
    const magic = order.u32(bytes, 0);
    if (magic === MAGIC_MICROSECONDS) return { order, nanoseconds: false };
    if (magic === MAGIC_NANOSECONDS) return { order, nanoseconds: true };
  }
  return undefined;
}

/** As much of a stream as the parser asks for: it listens to `data` and waits for `resume`, which never matters here. */
class Feed {
  private listener: ((bytes: Buffer) => void) | undefined;

  on(event: string, listener: (bytes: Buffer) => void): void {
    if (event === 'data') this.listener = listener;
  }

  pause(): void {}

  resume(): void {}

  data(bytes: Uint8Array): void {
    this.listener?.(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }
}

export class PcapReader implements CaptureReader {
  readonly format = 'pcap';
  readonly skippedBlocks = 0;
  problem: CaptureProblem | undefined;
  private readonly feed = new Feed();
  private readonly parser = pcapParser.parse(this.feed);
  private order = BIG_ENDIAN;
  private nanoseconds = false;
  private linkType = 0;
  private minor = 4;
  private started = false;
  private rest: Uint8Array = new Uint8Array(0);
  /** Of the first byte of `rest`. */
  private offset = 0;

  constructor(private readonly sink: PacketSink) {
    this.parser.on('packet', ({ header, data }) => {
      const fraction = header.timestampMicroseconds / (this.nanoseconds ? 1e6 : 1e3);
      const at = header.timestampSeconds * 1000 + fraction;
      this.sink.packet(this.linkType, data, 0, data.length, header.originalLength, at);
    });
    this.parser.on('error', (error) => {
      throw new NetmeterError('unreadable-input', `pcap-parser: ${error.message}`, { cause: error });
    });
  }

  push(chunk: Uint8Array): void {
    if (this.problem !== undefined) return;
    let bytes = concat(this.rest, chunk);
    // The lengths of old versions are put in order in place.
    if (this.minor < 4 && bytes === chunk) bytes = copyOf(chunk);
    if (!this.started) {
      if (bytes.length < FILE_HEADER) {
        this.rest = copyOf(bytes);
        return;
      }
      this.start(bytes);
      bytes = this.minor < 4 ? copyOf(bytes, FILE_HEADER) : bytes.subarray(FILE_HEADER);
    }
    const whole = this.wholeRecords(bytes);
    if (whole > 0) this.hand(bytes.subarray(0, whole));
    this.offset += whole;
    // A copy: whoever pushed the chunk may use its memory again.
    this.rest = copyOf(bytes, whole);
  }

  end(): void {
    if (this.problem !== undefined) return;
    if (!this.started) {
      throw new NetmeterError(
        'unreadable-input',
        `the pcap header ends at offset ${this.rest.length}, it needs ${FILE_HEADER} bytes`,
      );
    }
    if (this.rest.length === 0) return;
    this.problem = {
      offset: this.offset,
      reason: `the last record is cut off after ${this.rest.length} bytes`,
    };
  }

  private start(bytes: Uint8Array): void {
    const magic = magicOf(bytes);
    if (magic === undefined) {
      const found = u32(bytes, 0).toString(16).padStart(8, '0');
      throw new NetmeterError('unreadable-input', `no pcap magic at offset 0, but ${found}`);
    }
    const major = magic.order.u16(bytes, 4);
    const minor = magic.order.u16(bytes, 6);
    if (major !== 2 || minor > 4) {
      throw new NetmeterError(
        'unreadable-input',
        `pcap version ${major}.${minor} at offset 4: only 2.0 to 2.4 can be read`,
      );
    }
    this.order = magic.order;
    this.nanoseconds = magic.nanoseconds;
    this.minor = minor;
    // The upper 16 bits say how long the frame check sequence is, if there is one.
    this.linkType = magic.order.u32(bytes, 20) & 0xffff;
    this.sink.linkType(this.linkType);
    this.started = true;
    this.offset = FILE_HEADER;
    this.hand(headerForParser(copyOf(bytes, 0, FILE_HEADER), magic.order));
  }

  /** Before version 2.3 the length on the wire came first, in 2.3 it depended on who wrote the file. */
  private orderLengths(bytes: Uint8Array, at: number): void {
    const captured = this.order.u32(bytes, at + 8);
    const wire = this.order.u32(bytes, at + 12);
    if (captured <= wire) return;
    bytes.copyWithin(at + 8, at + 12, at + 16);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(at + 12, captured, this.order === LITTLE_ENDIAN);
  }

  private hand(bytes: Uint8Array): void {
    this.feed.data(bytes);
    // It has consumed everything, and would copy every later chunk behind the empty rest that it keeps.
    this.parser.buffer = null;
  }

  /** Length of the records at the start that are complete; stops at the first that cannot be one. */
  private wholeRecords(bytes: Uint8Array): number {
    let at = 0;
    while (bytes.length - at >= RECORD_HEADER) {
      if (this.minor < 4) this.orderLengths(bytes, at);
      const captured = this.order.u32(bytes, at + 8);
      if (captured > LARGEST_PACKET) {
        const reason = `a record claims ${captured} captured bytes, more than the ${LARGEST_PACKET} possible`;
        this.problem = { offset: this.offset + at, reason };
        return at;
      }
      const next = at + RECORD_HEADER + captured;
      if (next > bytes.length) break;
      at = next;
    }
    return at;
  }
}

/** The parser knows one magic number and one version; the layout of what it reads is the same for all. */
function headerForParser(header: Uint8Array, order: ByteOrder): Uint8Array {
  const view = new DataView(header.buffer);
  const littleEndian = order === LITTLE_ENDIAN;
  view.setUint32(0, MAGIC_MICROSECONDS, littleEndian);
  view.setUint16(4, 2, littleEndian);
  view.setUint16(6, 4, littleEndian);
  return header;
}
