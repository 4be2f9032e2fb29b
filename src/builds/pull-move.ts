import type { Remote, TrafficRow } from '../metering/types.js';
import type { Move } from '../metering/usage.js';
import type { Bytes, EpochMs, Milliseconds } from '../units.js';
import { type EngineTick, engineTicks, type RemoteBytes } from './engine-ticks.js';
import { endpointMatches, imageEndpoint } from './step-sources.js';

/** After the last byte of a pull, its layers are unpacked before the engine says that it is complete. */
const UNPACKING: Milliseconds = 60_000;
/** A pull that moves nothing for longer is taken for two. */
const PAUSE: Milliseconds = 3_000;
/** Bytes per second below which an engine counts as idle: name look-ups, keep-alives. */
const IDLE: Bytes = 1_000;

export interface PullInput {
  /** As the user wrote it: `alpine:3`. Hostile input. */
  image: string;
  /** When the engine said that it was complete. */
  at: EpochMs;
  /** The engine's own rows of the minutes before, after builds and earlier pulls took theirs. */
  rows: readonly TrafficRow[];
  addressesOf?: (host: string) => readonly string[];
}

/**
 * Gives a `docker pull`, of which only the end is told, the unbroken busy run of the engine before that
 * moment. Where the image's registry is among the remotes of the run, only what went there.
 */
export function pullMoves({ image, at, rows, addressesOf = () => [] }: PullInput): Move[] {
  const ticks = engineTicks(rows).filter(({ interval }) => interval.from < at);
  const run = busyRun(ticks, at);
  const endpoint = imageEndpoint(image);
  const named = run.map((tick) => ({
    ...tick,
    remotes: tick.remotes.filter(({ remote }) => endpointMatches(endpoint, remote, addressesOf)),
  }));
  const chosen = named.some((tick) => tick.remotes.length > 0) ? named : run;
  const to = { id: `pull:${image}@${at}`, kind: 'pull', name: image, facts: { image } } as const;
  return chosen
    .filter((tick) => tick.remotes.length > 0)
    .map(({ engineId, interval, remotes }) => ({
      fromOwnerId: engineId,
      to,
      interval,
      share: 1,
      classes: [...new Set(remotes.flatMap((group) => group.classes))].sort(),
      remotes: remotes.map((group) => group.remote),
    }));
}

/** The end of a pull, as the engine told it. */
export type EndedPull = Pick<PullInput, 'image' | 'at'>;

/**
 * Settles the first of several pulls, in the order of their ends, with those that ended in the same tick of
 * the meter: what more than one of them may have moved is divided evenly, since nothing tells them apart.
 *
 * @param pulls one at least
 */
export function firstPullMoves(
  pulls: readonly [EndedPull, ...EndedPull[]],
  { rows, addressesOf }: Omit<PullInput, keyof EndedPull>,
): { moves: Move[]; settled: number } {
  const [{ at }] = pulls;
  const tick = engineTicks(rows).find(({ interval }) => interval.from < at && at <= interval.to);
  const next = pulls.findIndex((pull) => pull.at > (tick?.interval.to ?? at));
  const settled = next < 1 ? pulls.length : next;
  const moves = pulls
    .slice(0, settled)
    .flatMap((pull) => pullMoves({ ...pull, rows, ...(addressesOf && { addressesOf }) }));
  return { moves: divided(moves), settled };
}

/** A move for each number of claims on its remotes. */
function divided(moves: readonly Move[]): Move[] {
  const claims = new Map<string, number>();
  const keyOf = ({ interval }: Move, { address, port, protocol }: Remote) =>
    JSON.stringify([interval.from, interval.to, address, port, protocol]);
  for (const each of moves) {
    for (const remote of each.remotes ?? []) {
      const key = keyOf(each, remote);
      claims.set(key, (claims.get(key) ?? 0) + 1);
    }
  }
  return moves.flatMap((each) => {
    const remotes = each.remotes ?? [];
    const counts = new Set(remotes.map((remote) => claims.get(keyOf(each, remote)) ?? 1));
    return [...counts].map((count) => ({
      ...each,
      share: each.share / count,
      remotes: remotes.filter((remote) => claims.get(keyOf(each, remote)) === count),
    }));
  });
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
