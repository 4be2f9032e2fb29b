/**
 * The rule by which the engine's own bytes become those of the steps that it moved them for: image pulls,
 * ADD, git, uploads of results. Per interval of the meter:
 *
 * 1. A remote that a running step's source names is open to the steps that name it. All others are open to
 *    every running step, but for those that were named and tell no progress of their own.
 * 2. Between several steps, `divide` decides: growth of blobs first, then time.
 * 3. Lookups of images and of sources that turned out to be cached get something only where nothing else
 *    ran; a step that has just ended, only where nothing at all ran.
 * 4. What nobody ran for stays the engine's, and so does loopback traffic that no source names.
 *
 * No byte goes to two steps, and none is made: shares of one row add up to 1 at most.
 */
import type { TrafficRow } from '../metering/types.js';
import type { Move } from '../metering/usage.js';
import type { Bytes, EpochMs } from '../units.js';
import { type ActiveStep, activeSteps, RANKS } from './active-steps.js';
import { blobGrowth, unreportedGrowth } from './blob-progress.js';
import { divide, type Lot, type Progress } from './divide.js';
import { type EngineTick, engineTicks, type RemoteBytes } from './engine-ticks.js';
import { sourceSteps } from './source-steps.js';
import { endpointMatches } from './step-sources.js';
import type { Build, Step } from './types.js';

export interface SettleInput {
  /** Rows of engines themselves, each given once over all settlements; those of one interval together. */
  rows: readonly TrafficRow[];
  /** All builds of the engine that overlap the rows, shared steps marked. */
  builds: readonly Build[];
  /** End of the period that is settled, whether or not it has rows; else that of the last row. */
  until?: EpochMs;
  /** What the settlement of earlier rows returned. */
  accounts?: Accounts;
  /** Addresses that a host name stood for. Without it only literal addresses match. */
  addressesOf?: (host: string) => readonly string[];
}

/** Per owner id: growth of its blobs by then, and bytes given, so that later rows make up for earlier ones. */
export type Accounts = ReadonlyMap<string, { grown: Bytes; received: Bytes }>;

export interface Settlement {
  /** To be carried out together. */
  moves: Move[];
  /** Per owner id: `shared` when another step had bytes of the same remotes and intervals. */
  attributions: Map<string, 'inferred' | 'shared'>;
  accounts: Accounts;
}

/** Less than a byte is nothing. */
const LEAST: Bytes = 0.5;
/** Manifests and configurations are told of, or not, as well. */
const LARGEST_MANIFEST: Bytes = 64 << 10;

/**
 * Rows of an interval are best settled some seconds later, when BuildKit has told what grew in it, and the
 * more of them together the better.
 */
export function settle(input: SettleInput): Settlement {
  const { rows, builds, accounts = new Map(), addressesOf = () => [] } = input;
  const steps = sourceSteps(builds);
  const ticks = engineTicks(rows);
  const until = input.until ?? ticks.at(-1)?.interval.to ?? 0;
  const progress = new Map<string, Progress>();
  const lots = ticks.flatMap((tick) => {
    const active = activeSteps(steps, tick.interval);
    for (const step of active) progress.set(step.owner.id, progressOf(step, until, accounts));
    return lotsOf(tick, active, addressesOf);
  });
  return award(lots, divide(lots, progress), progress, accounts);
}

/** Bytes of some remotes in one interval, and who may have them. */
interface TickLot extends Lot {
  tick: EngineTick;
  remotes: RemoteBytes[];
  takers: ActiveStep[];
}

function progressOf(source: ActiveStep, until: EpochMs, accounts: Accounts): Progress {
  const { owner, blobs } = source;
  const { grown = 0, received = 0 } = accounts.get(owner.id) ?? {};
  const all = { from: Number.NEGATIVE_INFINITY, to: until };
  const told = blobs.reduce((sum, blob) => sum + blobGrowth(blob, all), 0);
  return {
    growthNow: Math.max(0, told + untoldBytes(source.step) - grown),
    growthBefore: grown,
    receivedBefore: received,
    unreportedBytes: blobs.reduce((sum, blob) => sum + unreportedGrowth(blob, until), 0),
  };
}

/**
 * Of a pull that is over in a moment some blobs are never told of (seen on Engine 28): what its image's manifest
 * names beside those that were.
 */
function untoldBytes({ kind, status, blobs, declared }: Step): Bytes {
  if (kind !== 'from' || status !== 'done' || blobs.length === 0) return 0;
  const named = declared?.find(({ isOnTop }) => !isOnTop)?.bytes ?? 0;
  return Math.max(0, named - blobs.reduce((sum, { total = 0 }) => sum + total, 0) - LARGEST_MANIFEST);
}

function lotsOf(
  tick: EngineTick,
  active: ActiveStep[],
  addressesOf: NonNullable<SettleInput['addressesOf']>,
): TickLot[] {
  const lots: TickLot[] = [];
  const named = new Set<ActiveStep>();
  const rest: RemoteBytes[] = [];
  for (const group of tick.remotes) {
    const claimants = active.filter(({ endpoints }) => {
      return endpoints.some((endpoint) => endpointMatches(endpoint, group.remote, addressesOf));
    });
    for (const step of claimants) named.add(step);
    if (claimants.length > 0) lots.push(lotOf(tick, [group], claimants));
    else if (!group.classes.includes('local')) rest.push(group);
  }
  const open = active.filter((step) => !named.has(step) || step.weight.growthBytes !== undefined);
  lots.push(lotOf(tick, rest, open.length > 0 ? open : active));
  return lots.filter((lot) => lot.bytes > 0 && lot.takers.length > 0);
}

function lotOf(tick: EngineTick, remotes: RemoteBytes[], claimants: ActiveStep[]): TickLot {
  const rank = RANKS.find((candidate) => claimants.some((step) => step.rank === candidate));
  const takers = claimants.filter((step) => step.rank === rank);
  return {
    tick,
    remotes,
    takers,
    bytes: remotes.reduce((sum, group) => sum + group.bytes, 0),
    claims: takers.map(({ owner, weight }) => ({ id: owner.id, ...weight })),
  };
}

function award(
  lots: TickLot[],
  parts: number[][],
  progress: ReadonlyMap<string, Progress>,
  accounts: Accounts,
): Settlement {
  const moves: Move[] = [];
  const attributions: Settlement['attributions'] = new Map();
  const book = new Map([...accounts].map(([id, account]) => [id, { ...account }]));
  for (const [id, { growthNow, growthBefore, receivedBefore }] of progress) {
    book.set(id, { grown: growthBefore + growthNow, received: receivedBefore });
  }
  for (const [i, { tick, remotes, takers, bytes }] of lots.entries()) {
    const isShared = parts[i]!.filter((part) => part >= LEAST).length > 1;
    for (const [t, { owner }] of takers.entries()) {
      const part = parts[i]![t]!;
      if (part < LEAST) continue;
      book.get(owner.id)!.received += part;
      moves.push({
        fromOwnerId: tick.engineId,
        to: owner,
        interval: tick.interval,
        share: Math.min(1, part / bytes),
        classes: [...new Set(remotes.flatMap((group) => group.classes))].sort(),
        remotes: remotes.map((group) => group.remote),
      });
      if (isShared) attributions.set(owner.id, 'shared');
      else if (!attributions.has(owner.id)) attributions.set(owner.id, 'inferred');
    }
  }
  return { moves, attributions, accounts: book };
}
