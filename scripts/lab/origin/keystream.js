import { createCipheriv, createHash } from 'node:crypto';

const CHUNK = 64 * 1024;
const ZEROS = Buffer.alloc(CHUNK);

/**
 * Pseudo-random bytes that do not compress and are always the same for a seed: the AES-CTR key stream.
 *
 * @param {string} seed
 * @param {number} length bytes
 * @returns {Generator<Buffer>} chunks of at most 64 KiB
 */
export function* keystream(seed, length) {
  const key = createHash('md5').update(seed).digest();
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  for (let left = length; left > 0; left -= CHUNK) {
    yield cipher.update(left < CHUNK ? ZEROS.subarray(0, left) : ZEROS);
  }
}
