/** TLS ClientHellos made byte by byte. */
import { be16 } from '../packets.js';

/** The handshake message, without a record. */
export function clientHello(name: string | undefined, extraBytes = 0): Buffer {
  const extra = Buffer.concat([be16(21), be16(extraBytes), Buffer.alloc(extraBytes)]);
  const extensions = name === undefined ? extra : Buffer.concat([extra, serverName(name)]);
  const body = Buffer.concat([
    be16(0x0303),
    Buffer.alloc(32, 7),
    Buffer.from([4, 1, 2, 3, 4]),
    be16(4),
    be16(0x1301),
    be16(0x1302),
    Buffer.from([1, 0]),
    be16(extensions.length),
    extensions,
  ]);
  return Buffer.concat([Buffer.from([1, 0]), be16(body.length), body]);
}

function serverName(name: string): Buffer {
  const text = Buffer.from(name, 'latin1');
  return Buffer.concat([
    be16(0),
    be16(text.length + 5),
    be16(text.length + 3),
    Buffer.from([0]),
    be16(text.length),
    text,
  ]);
}

/** In records of at most `size` bytes. */
export function records(handshake: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < handshake.length; at += size) {
    const part = handshake.subarray(at, at + size);
    parts.push(Buffer.from([22, 3, 1]), be16(part.length), part);
  }
  return Buffer.concat(parts);
}
