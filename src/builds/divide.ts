import type { Bytes, Milliseconds } from '../units.js';
import { mostWireBytes, WIRE_PER_BYTE } from './wire.js';

/** What earlier rows gave too much or too little is made up for, up to this. */
const MOST_MADE_UP: Bytes = 4 << 20;
/** Enough for a percent; the rest converges slowly and matters to nobody. */
const ROUNDS = 40;

/** Bytes that are open to the same steps. */
export interface Lot {
  bytes: Bytes;
  claims: LotClaim[];
}

export interface LotClaim {
  /** Owner id. */
  id: string;
  /** How long it ran while these bytes moved. */
  activeMs: Milliseconds;
  /** Growth of its blobs meanwhile; undefined when it tells no progress. */
  growthBytes: Bytes | undefined;
}

/** One step over all lots, as far as it tells progress. */
export interface Progress {
  /** Growth of its blobs in all lots that are divided now, and before. */
  growthNow: Bytes;
  growthBefore: Bytes;
  receivedBefore: Bytes;
  /** What its blobs may have grown by and not told yet. */
  unreportedBytes: Bytes;
}

/**
 * Divides lots of bytes between the steps that were active while the engine moved them, as fractions of a
 * byte. Steps whose blobs grew get, over all lots, what they grew by with the wire's overhead, as far as the
 * lots open to them hold it (iterative proportional fitting, begun with the growth in each lot). Steps that
 * tell no progress share what is left of a lot by the time that they ran; where there are none of these,
 * the growing ones take it all. What a step with blobs can have is bounded by its blobs: what somebody else
 * pulled at the same time stays the engine's.
 *
 * @param progress per owner id, of the steps that tell some
 * @returns per lot one figure per claim; their sum is the lot's bytes or less
 */
export function divide(lots: readonly Lot[], progress: ReadonlyMap<string, Progress>): number[][] {
  const parts = lots.map(({ claims }) => claims.map(firstGuess));
  for (let round = 0; round < ROUNDS; round++) {
    scaleColumns(lots, parts, (id, given) => dueBytes(progress.get(id)!) / given);
    scaleRows(lots, parts);
  }
  scaleColumns(lots, parts, (id, given) => Math.min(1, mostBytes(progress.get(id)!) / given));
  for (const [i, lot] of lots.entries()) giveRest(lot, parts[i]!);
  return parts;
}

/** A step that ran and did not grow may have bytes on their way: some 10 KB a second, to begin with. */
function firstGuess({ activeMs, growthBytes }: LotClaim): number {
  return growthBytes === undefined ? 0 : growthBytes + 10 * activeMs;
}

/** @param factor for what one step was given over all lots, which is more than 0 */
function scaleColumns(
  lots: readonly Lot[],
  parts: number[][],
  factor: (id: string, given: number) => number,
): void {
  const given = new Map<string, number>();
  eachPart(lots, parts, (id, part) => {
    given.set(id, (given.get(id) ?? 0) + part);
  });
  const factors = new Map([...given].map(([id, sum]) => [id, sum > 0 ? factor(id, sum) : 1]));
  eachPart(lots, parts, (id, part, set) => set(part * factors.get(id)!));
}

/** No lot gives more than it has; one that is open to growing steps alone gives all. */
function scaleRows(lots: readonly Lot[], parts: number[][]): void {
  for (const [i, { bytes, claims }] of lots.entries()) {
    const row = parts[i]!;
    const given = sum(row);
    const isOpenToSilent = claims.some(({ growthBytes }) => growthBytes === undefined);
    if (given <= 0 || (isOpenToSilent && given <= bytes)) continue;
    for (const [c, part] of row.entries()) row[c] = (part * bytes) / given;
  }
}

function giveRest({ bytes, claims }: Lot, row: number[]): void {
  const time = claims.map(({ growthBytes, activeMs }) => (growthBytes === undefined ? activeMs : 0));
  const all = sum(time);
  const rest = Math.max(0, bytes - sum(row));
  if (all <= 0) return;
  for (const [c, activeMs] of time.entries()) row[c]! += (rest * activeMs) / all;
}

/** What its growth stands for now, made up for what earlier rows gave too much or too little; never nothing. */
function dueBytes({ growthNow, growthBefore, receivedBefore }: Progress): number {
  const now = growthNow * WIRE_PER_BYTE;
  const owed = now + growthBefore * WIRE_PER_BYTE - receivedBefore;
  return Math.max(0.1, Math.min(Math.max(owed, now - MOST_MADE_UP), now + MOST_MADE_UP));
}

function mostBytes({ growthNow, growthBefore, unreportedBytes, receivedBefore }: Progress): number {
  const grown = growthNow + growthBefore + unreportedBytes;
  return Math.max(0, mostWireBytes(grown) - receivedBefore);
}

function eachPart(
  lots: readonly Lot[],
  parts: number[][],
  visit: (id: string, part: number, set: (part: number) => void) => void,
): void {
  for (const [i, { claims }] of lots.entries()) {
    const row = parts[i]!;
    for (const [c, { id, growthBytes }] of claims.entries()) {
      if (growthBytes === undefined) continue;
      visit(id, row[c]!, (part) => {
        row[c] = part;
      });
    }
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
