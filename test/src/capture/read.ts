import { CaptureStream } from '../../../src/capture/read-capture.js';
import type { CaptureEnd } from '../../../src/capture/types.js';

export interface ReadPacket {
  linkType: number;
  hex: string;
  wireLength: number;
  at: number | undefined;
}

export interface ReadCapture extends CaptureEnd {
  packets: ReadPacket[];
  resolved: string[];
}

/** Reads a whole file, handed over in chunks of the given sizes, the last of which repeats. */
export function readCapture(file: Uint8Array, sizes: number[] = [file.length || 1]): ReadCapture {
  const packets: ReadPacket[] = [];
  const resolved: string[] = [];
  const stream = new CaptureStream({
    linkType: () => {},
    packet: (linkType, bytes, from, to, wireLength, at) => {
      packets.push({ linkType, hex: Buffer.from(bytes.subarray(from, to)).toString('hex'), wireLength, at });
    },
    resolvedName: (address, name) => resolved.push(`${[...address].join('.')} ${name}`),
  });
  let turn = 0;
  for (let at = 0; at < file.length; turn++) {
    const size = sizes[Math.min(turn, sizes.length - 1)]!;
    // A copy that is overwritten afterwards, as a reader's buffer may be.
    const chunk = Buffer.from(file.subarray(at, at + size));
    stream.push(chunk);
    chunk.fill(0xee);
    at += size;
  }
  return { ...stream.end(), packets, resolved };
}
