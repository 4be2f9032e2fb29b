/** Node's cryptography for QUIC's Initial packets: cli/capture has the same, since neither imports the other. */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { QuicCrypto } from '../../../src/capture/names/quic-keys.js';

const TAG = 16;

export const quicCrypto: QuicCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  aes128: (key, block) => createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block),
  openAes128Gcm(key, nonce, header, sealed) {
    const cipher = createDecipheriv('aes-128-gcm', key, nonce);
    cipher.setAAD(header).setAuthTag(sealed.subarray(sealed.length - TAG));
    const opened = cipher.update(sealed.subarray(0, sealed.length - TAG));
    try {
      cipher.final();
    } catch {
      return undefined;
    }
    return opened;
  },
};
