/** What blobs cost on the wire. */
import type { Bytes } from '../units.js';

/** Bytes on the wire per byte of a blob: TCP/IP headers at 1,500 bytes a packet (52 per 1,448), TLS, acknowledgements. */
export const WIRE_PER_BYTE = 1.038;
/** The most that a blob is believed to have cost, retransmissions included. */
const MOST_WIRE_PER_BYTE = 1.25;
/** Manifests, configurations, redirects and handshakes of one image. */
const BESIDES_BLOBS: Bytes = 256 << 10;

/** The most that blobs of that size are believed to have cost. */
export function mostWireBytes(blobs: Bytes): Bytes {
  return blobs * MOST_WIRE_PER_BYTE + BESIDES_BLOBS;
}
