/** Initial packets of QUIC as clients make them (RFC 9001, RFC 9369). */
import { createCipheriv, createHmac } from 'node:crypto';

export const VERSION_2 = 0x6b3343cf;

const hmac = (key: Buffer, data: Buffer) => createHmac('sha256', key).update(data).digest();

/** Salts of RFC 9001, RFC 9369 and draft 29, for a sender that shares nothing with the reader. */
export const SENDERS = [
  { version: 1, salt: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', label: 'quic', first: 0xc3 },
  { version: VERSION_2, salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9', label: 'quicv2', first: 0xd3 },
  { version: 0xff00001d, salt: 'afbfec289993d24c9e9786f19c6111e04390a899', label: 'quic', first: 0xc3 },
];
export type Sender = (typeof SENDERS)[number];

export const ID = Buffer.from('0102030405060708', 'hex');

function expand(secret: Buffer, label: string, length: number): Buffer {
  const full = `tls13 ${label}`;
  const info = Buffer.concat([Buffer.from([0, length, full.length]), Buffer.from(full), Buffer.from([0])]);

  return hmac(secret, Buffer.concat([info, Buffer.from([1])])).subarray(0, length);
}

/** @param frames of the packet, which is padded */
export function initial(sender: Sender, frames: Buffer, number = 2, keysOf = ID, id = ID): Buffer {
  const extracted = hmac(Buffer.from(sender.salt, 'hex'), keysOf);
  const secret = expand(extracted, 'client in', 32);
  const [key, iv, hp] = [
    expand(secret, `${sender.label} key`, 16),
    expand(secret, `${sender.label} iv`, 12),
    expand(secret, `${sender.label} hp`, 16),
  ];
  const padded = Buffer.concat([frames, Buffer.alloc(Math.max(0, 1100 - frames.length))]);
  const version = Buffer.alloc(4);
  version.writeUInt32BE(sender.version);
  const length = 4 + padded.length + 16;
  const header = Buffer.concat([
    Buffer.from([sender.first]),
    version,
    Buffer.from([id.length]),
    id,
    Buffer.from([2, 9, 9, 0, 0x40 | (length >> 8), length & 0xff, 0, 0, 0, number]),
  ]);
  const nonce = Buffer.from(iv);
  nonce[11]! ^= number;
  const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(header);
  const sealed = Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
  const mask = createCipheriv('aes-128-ecb', hp, null).update(sealed.subarray(0, 16));
  const packet = Buffer.concat([header, sealed]);
  packet[0]! ^= mask[0]! & 0x0f;
  for (let i = 0; i < 4; i++) packet[header.length - 4 + i]! ^= mask[1 + i]!;
  return packet;
}

const varint = (value: number) => Buffer.from([0x40 | (value >> 8), value & 0xff]);
/** A CRYPTO frame with this part of a message. */
export const crypto = (hello: Buffer, from: number, to: number) =>
  Buffer.concat([Buffer.from([6]), varint(from), varint(to - from), hello.subarray(from, to)]);
