const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET_HEADER = 14;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;

export interface EthernetPacket {
  readonly sourceMac: string;
  readonly kind: 'ip' | 'icmp6' | 'arp' | 'other';
  /** What the IP header claims; for the rest, the frame without its Ethernet header. */
  readonly l3Bytes: number;
}

/** The packets of a capture that this machine's tcpdump wrote of an Ethernet device. */
export function* readEthernetPackets(file: Buffer): Generator<EthernetPacket> {
  if (file.readUInt32LE(0) !== MAGIC_MICROSECONDS) throw new Error('not a little-endian pcap file');
  let at = FILE_HEADER;
  while (at + RECORD_HEADER <= file.length) {
    const captured = file.readUInt32LE(at + 8);
    const frameBytes = file.readUInt32LE(at + 12);
    const frame = file.subarray(at + RECORD_HEADER, at + RECORD_HEADER + captured);
    yield decode(frame, frameBytes);
    at += RECORD_HEADER + captured;
  }
}

function decode(frame: Buffer, frameBytes: number): EthernetPacket {
  const sourceMac = frame.toString('hex', 6, 12).replace(/(..)(?!$)/g, '$1:');
  const etherType = frame.readUInt16BE(12);
  const header = frame.subarray(ETHERNET_HEADER);
  if (etherType === 0x0800) return { sourceMac, kind: 'ip', l3Bytes: header.readUInt16BE(2) };
  if (etherType === 0x86dd) {
    return { sourceMac, kind: isIcmp6(header) ? 'icmp6' : 'ip', l3Bytes: 40 + header.readUInt16BE(4) };
  }
  return { sourceMac, kind: etherType === 0x0806 ? 'arp' : 'other', l3Bytes: frameBytes - ETHERNET_HEADER };
}

/** Directly, or behind hop-by-hop options, as multicast listener reports are. */
function isIcmp6(header: Buffer): boolean {
  const next = header[6];
  return next === 58 || (next === 0 && header[40] === 58);
}
