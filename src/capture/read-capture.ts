/** Tells which capture format a stream of bytes has, and reads it. */
import { NetmeterError } from '../errors.js';
import { concat, copyOf } from './bytes.js';
import { isPcapMagic, PcapReader } from './pcap-file.js';
import { isPcapngMagic, PcapngReader } from './pcapng-file.js';
import type { CaptureEnd, CaptureReader, PacketSink } from './types.js';

const MAGIC_LENGTH = 4;

export class CaptureStream {
  private reader: CaptureReader | undefined;
  private start: Uint8Array = new Uint8Array(0);

  constructor(private readonly sink: PacketSink) {}

  /** Throws NetmeterError `unreadable-input` as soon as it is known that this is no capture. */
  push(chunk: Uint8Array): void {
    if (this.reader !== undefined) {
      this.reader.push(chunk);
      return;
    }
    const bytes = concat(this.start, chunk);
    if (bytes.length < MAGIC_LENGTH) {
      this.start = copyOf(bytes);
      return;
    }
    this.reader = readerFor(bytes, this.sink);
    this.reader.push(bytes);
  }

  end(): CaptureEnd {
    if (this.reader === undefined) {
      const length = this.start.length;
      const found = length === 0 ? 'it is empty' : `it ends at offset ${length}`;
      throw new NetmeterError('unreadable-input', `not a packet capture: ${found}`);
    }
    this.reader.end();
    const { format, problem, skippedBlocks } = this.reader;
    return { format, problem, skippedBlocks };
  }
}

function readerFor(bytes: Uint8Array, sink: PacketSink): CaptureReader {
  if (isPcapMagic(bytes)) return new PcapReader(sink);
  if (isPcapngMagic(bytes)) return new PcapngReader(sink);
  const magic = Array.from(bytes.subarray(0, MAGIC_LENGTH), (byte) => byte.toString(16).padStart(2, '0'));
  throw new NetmeterError(
    'unreadable-input',
    `not a packet capture: it starts with ${magic.join(' ')} at offset 0`,
    { hint: 'netmeter pcap reads pcap and pcapng files, as tcpdump, dumpcap and Wireshark write them' },
  );
}
