import type { TrafficRow } from '../metering/types.js';
import type { Move } from '../metering/usage.js';
import type { Bytes, EpochMs, Milliseconds } from '../units.js';
import { type EngineTick, engineTicks, type RemoteBytes } from './engine-ticks.js';
import { endpointMatches, imageEndpoint } from './step-sources.js';
import { mostWireBytes, WIRE_PER_BYTE } from './wire.js';

/** After the last byte of a pull, its layers are unpacked before the engine says that it is complete. */
const UNPACKING: Milliseconds = 60_000;
/** A pull that moves nothing for longer is taken for two. */
const PAUSE: Milliseconds = 3_000;
/** Bytes per second below which an engine counts as idle: name look-ups, keep-alives. */
const IDLE: Bytes = 1_000;

/** The end of a pull, as the engine told it. */
export interface EndedPull {
  /** As the user wrote it: `alpine:3`. Hostile input. */
  image: string;
  /** When the engine said that it was complete. */
  at: EpochMs;
  /** Of its manifest and all that this names, compressed: the most that it transferred. Undefined when not known. */
  bytes?: Bytes | undefined;
}

export interface PullSurroundings {
  /** The engine's own rows of the minutes before, after builds and earlier pulls took theirs. */
  rows: readonly TrafficRow[];
  addressesOf?: (host: string) => readonly string[];
}

/**
 * Settles the first of several pulls, in the order of their ends, with those that ended in the same tick of
 * the meter. A `docker pull`, of which only the end is told, has the unbroken busy run of the engine before that
 * moment; where the image's registry is among the remotes of the run, only what went there. Where that is more
 * than its manifest stands for, the rest is left to those that end later. What several of one tick may have moved
 * is divided by their manifests, or evenly where one of them is not known.
 *
 * @param pulls one at least
 */
export function firstPullMoves(
  pulls: readonly [EndedPull, ...EndedPull[]],
  { rows, addressesOf = () => [] }: PullSurroundings,
): { moves: Move[]; settled: number } {
  const [{ at }] = pulls;
  const ticks = engineTicks(rows);
  const tick = ticks.find(({ interval }) => interval.from < at && at <= interval.to);
  const next = pulls.findIndex((pull) => pull.at > (tick?.interval.to ?? at));
  const settled = next < 1 ? pulls.length : next;
  const claims = pulls
    .slice(0, settled)
    .map((pull): Claim => ({ pull, ticks: claimedTicks(pull, ticks, addressesOf) }));
  return { moves: divided(claims), settled };
}

/** What may be a pull's. */
interface Claim {
  pull: EndedPull;
  ticks: EngineTick[];
}

function claimedTicks(
  { image, at }: EndedPull,
  all: readonly EngineTick[],
  addressesOf: NonNullable<PullSurroundings['addressesOf']>,
): EngineTick[] {
  const run = busyRun(
    all.filter(({ interval }) => interval.from < at),
    at,
  );
  const endpoint = imageEndpoint(image);
  const named = run.map((tick) => ({
    ...tick,
    remotes: tick.remotes.filter(({ remote }) => endpointMatches(endpoint, remote, addressesOf)),
  }));
  const chosen = named.some((tick) => tick.remotes.length > 0) ? named : run;
  return chosen.filter((tick) => tick.remotes.length > 0);
}

function divided(claims: readonly Claim[]): Move[] {
  const takers = new Map<RemoteBytes, Claim[]>();
  for (const claim of claims) {
    for (const group of claim.ticks.flatMap(({ remotes }) => remotes)) {
      takers.set(group, [...(takers.get(group) ?? []), claim]);
    }
  }
  return claims.flatMap((claim) => {
    const partOf = (group: RemoteBytes) => partAmong(claim, takers.get(group) ?? [claim]);
    const taken = sum(
      claim.ticks.flatMap(({ remotes }) => remotes.map((group) => group.bytes * partOf(group))),
    );
    const factor = shareOfAll(claim.pull, taken);
    return claim.ticks.flatMap((tick) => movesOf(claim.pull, tick, (group) => partOf(group) * factor));
  });
}

function partAmong({ pull }: Claim, takers: readonly Claim[]): number {
  const sizes = takers.map((taker) => taker.pull.bytes ?? 0);
  return sizes.every((bytes) => bytes > 0) ? pull.bytes! / sum(sizes) : 1 / takers.length;
}

/** Somebody else moved some of it, when it is much more than the manifest's. */
function shareOfAll({ bytes }: EndedPull, taken: Bytes): number {
  return bytes === undefined || taken <= mostWireBytes(bytes) ? 1 : (bytes * WIRE_PER_BYTE) / taken;
}

/** One for each share that it has of remotes. */
function movesOf(
  { image, at }: EndedPull,
  { engineId, interval, remotes }: EngineTick,
  shareOf: (group: RemoteBytes) => number,
): Move[] {
  const to = { id: `pull:${image}@${at}`, kind: 'pull', name: image, facts: { image } } as const;
  return [...new Set(remotes.map(shareOf))].map((share) => {
    const groups = remotes.filter((group) => shareOf(group) === share);
    const classes = [...new Set(groups.flatMap((group) => group.classes))].sort();
    return {
      fromOwnerId: engineId,
      to,
      interval,
      share,
      classes,
      remotes: groups.map(({ remote }) => remote),
    };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The ticks from the last busy one before the end back to the first pause, loopback left out. */
function busyRun(ticks: EngineTick[], at: EpochMs): EngineTick[] {
  const run: EngineTick[] = [];
  let edge = at;
  for (const tick of ticks.toReversed()) {
    const remotes = tick.remotes.filter((group) => !group.classes.includes('local'));
    if (!isBusy(tick, remotes)) continue;
    if (edge - tick.interval.to > (run.length === 0 ? UNPACKING : PAUSE)) break;
    run.unshift({ ...tick, remotes });
    edge = tick.interval.from;
  }
  return run;
}

function isBusy({ interval }: EngineTick, remotes: RemoteBytes[]): boolean {
  const bytes = remotes.reduce((sum, group) => sum + group.bytes, 0);
  return bytes * 1_000 >= IDLE * (interval.to - interval.from);
}
