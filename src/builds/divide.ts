import type { Bytes, Milliseconds } from '../units.js';

/** Bytes on the wire per byte of a blob: headers of TCP/IP at 1,500 bytes a packet, of TLS, acknowledgements. */
const WIRE_PER_BYTE = 1.05;
/** The most that a blob is believed to have cost, retransmissions included. */
const MOST_WIRE_PER_BYTE = 1.25;
/** Manifests, configurations, redirects and handshakes of one image. */
const BESIDES_BLOBS: Bytes = 256 << 10;
/** What one interval gave too much or too little is made up for later, up to this. */
const MOST_MADE_UP: Bytes = 4 << 20;

/** One step's claim to some of the engine's bytes. */
export interface Claim {
  activeMs: Milliseconds;
  /** Growth of its blobs in this interval; undefined when it tells no progress. */
  growthBytes: Bytes | undefined;
  /** What its blobs may have grown by and not told yet. */
  unreportedBytes: Bytes;
  /** Growth so far, this interval's included, and the bytes that it was given so far. */
  grown: Bytes;
  received: Bytes;
}

/**
 * Divides bytes between the steps that were active while the engine moved them, as fractions of a byte.
 * Steps whose blobs grew get what they grew by, with the wire's overhead; those that tell no progress share
 * the rest by the time that they ran; if there are none of these, the growing ones take it all. What a
 * step with blobs can have is bounded by its blobs: an image pulled by somebody else stays the engine's.
 *
 * @returns one figure per claim; their sum is `bytes` or less
 */
export function divide(bytes: Bytes, claims: readonly Claim[]): number[] {
  const silent = claims.map((claim) => claim.growthBytes === undefined);
  const due = claims.map((claim, i) => (silent[i] ? 0 : dueBytes(claim)));
  const given = inProportion(Math.min(bytes, sum(due)), due);
  const rest = Math.max(0, bytes - sum(given));
  if (silent.includes(true)) {
    const more = inProportion(
      rest,
      claims.map((claim, i) => (silent[i] ? claim.activeMs : 0)),
    );
    return given.map((part, i) => part + more[i]!);
  }
  return fillUp(claims, given, rest);
}

/** Hands out the rest up to what each may have at most: by what is due, else by the time active. */
function fillUp(claims: readonly Claim[], given: number[], rest: number): number[] {
  const room = claims.map((claim, i) => Math.max(0, mostBytes(claim) - given[i]!));
  const weights = claims.map((claim, i) => (given[i]! > 0 ? given[i]! : sum(given) > 0 ? 0 : claim.activeMs));
  const result = [...given];
  let left = rest;
  // Each round fills at least one step up, or hands out everything.
  for (let round = 0; round < claims.length && left > 0; round++) {
    const open = weights.map((weight, i) => (room[i]! > 0 ? weight : 0));
    const parts = inProportion(left, open).map((part, i) => Math.min(part, room[i]!));
    if (sum(parts) === 0) break;
    for (const [i, part] of parts.entries()) {
      result[i]! += part;
      room[i]! -= part;
      left -= part;
    }
  }
  return result;
}

/** What its growth stands for now, made up for what earlier intervals gave too much or too little. */
function dueBytes({ growthBytes = 0, grown, received }: Claim): number {
  const now = growthBytes * WIRE_PER_BYTE;
  const owed = grown * WIRE_PER_BYTE - received;
  return Math.max(0, Math.min(Math.max(owed, now - MOST_MADE_UP), now + MOST_MADE_UP));
}

function mostBytes({ grown, unreportedBytes, received }: Claim): number {
  return Math.max(0, (grown + unreportedBytes) * MOST_WIRE_PER_BYTE + BESIDES_BLOBS - received);
}

function inProportion(total: number, weights: readonly number[]): number[] {
  const all = sum(weights);
  return weights.map((weight) => (all > 0 ? (total * weight) / all : 0));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
