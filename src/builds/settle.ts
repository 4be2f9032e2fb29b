/**
 * The rule by which the engine's own bytes become those of the steps that it moved them for: image pulls,
 * ADD, git, uploads of results. Per interval of the meter:
 *
 * 1. A remote that a running step's source names is open to the steps that name it. All others are open to
 *    every running step, but for those that were named and tell no progress of their own.
 * 2. Between several steps, `divide` decides: growth of blobs first, then time.
 * 3. Lookups of images get something only where nothing else ran; a step that has just ended, only where
 *    nothing at all ran.
 * 4. What nobody ran for stays the engine's, and so does loopback traffic that no source names.
 *
 * No byte goes to two steps, and none is made: shares of one row add up to 1 at most.
 */
import type { TrafficRow } from '../metering/types.js';
import type { Move } from '../metering/usage.js';
import type { Bytes } from '../units.js';
import { type ActiveStep, activeSteps, RANKS } from './active-steps.js';
import { divide } from './divide.js';
import { type EngineTick, engineTicks, type RemoteBytes } from './engine-ticks.js';
import { sourceSteps } from './source-steps.js';
import { endpointMatches } from './step-sources.js';
import type { Build } from './types.js';

export interface SettleInput {
  /** Rows of engines themselves, each given once over all settlements; those of one interval together. */
  rows: readonly TrafficRow[];
  /** All builds of the engine that overlap the rows, shared steps marked. */
  builds: readonly Build[];
  /** What the settlement of earlier rows returned. */
  accounts?: Accounts;
  /** Addresses that a host name stood for. Without it only literal addresses match. */
  addressesOf?: (host: string) => readonly string[];
}

/** Per owner id: growth of its blobs and bytes given so far, so that later intervals make up for earlier ones. */
export type Accounts = ReadonlyMap<string, { grown: Bytes; received: Bytes }>;

export interface Settlement {
  /** To be carried out together. */
  moves: Move[];
  /** Per owner id: `shared` when another step had bytes of the same remotes and intervals. */
  attributions: Map<string, 'inferred' | 'shared'>;
  accounts: Accounts;
}

/** Rows of an interval are best settled some seconds later, when BuildKit has told what grew in it. */
export function settle({
  rows,
  builds,
  accounts = new Map(),
  addressesOf = () => [],
}: SettleInput): Settlement {
  const steps = sourceSteps(builds);
  const book: Book = new Map([...accounts].map(([id, account]) => [id, { ...account }]));
  const settlement: Settlement = { moves: [], attributions: new Map(), accounts: book };
  for (const tick of engineTicks(rows)) {
    const active = activeSteps(steps, tick.interval);
    if (active.length === 0) continue;
    for (const step of active) recordGrowth(book, step);
    for (const lot of lotsOf(tick, active, addressesOf)) award(tick, lot, book, settlement);
  }
  return settlement;
}

type Book = Map<string, { grown: Bytes; received: Bytes }>;

/** Bytes that are divided together, between the same steps. */
interface Lot {
  remotes: RemoteBytes[];
  claimants: ActiveStep[];
}

function recordGrowth(book: Book, { owner, weight }: ActiveStep): void {
  const account = book.get(owner.id) ?? { grown: 0, received: 0 };
  account.grown += weight.growthBytes ?? 0;
  book.set(owner.id, account);
}

function lotsOf(
  { remotes }: EngineTick,
  active: ActiveStep[],
  addressesOf: NonNullable<SettleInput['addressesOf']>,
): Lot[] {
  const lots: Lot[] = [];
  const named = new Set<ActiveStep>();
  const rest: RemoteBytes[] = [];
  for (const group of remotes) {
    const claimants = active.filter(({ endpoints }) => {
      return endpoints.some((endpoint) => endpointMatches(endpoint, group.remote, addressesOf));
    });
    for (const step of claimants) named.add(step);
    if (claimants.length > 0) lots.push({ remotes: [group], claimants });
    else if (!group.classes.includes('local')) rest.push(group);
  }
  const open = active.filter((step) => !named.has(step) || step.weight.growthBytes !== undefined);
  lots.push({ remotes: rest, claimants: open.length > 0 ? open : active });
  return lots;
}

function award(tick: EngineTick, { remotes, claimants }: Lot, book: Book, settlement: Settlement): void {
  const bytes = remotes.reduce((sum, group) => sum + group.bytes, 0);
  if (bytes <= 0) return;
  const rank = RANKS.find((candidate) => claimants.some((step) => step.rank === candidate));
  const takers = claimants.filter((step) => step.rank === rank);
  const claims = takers.map(({ owner, weight }) => ({ ...weight, ...book.get(owner.id)! }));
  const parts = divide(bytes, claims);
  const isShared = parts.filter((part) => part > 0).length > 1;
  for (const [i, { owner }] of takers.entries()) {
    const part = parts[i]!;
    if (part <= 0) continue;
    book.get(owner.id)!.received += part;
    settlement.moves.push({
      fromOwnerId: tick.engineId,
      to: owner,
      interval: tick.interval,
      share: Math.min(1, part / bytes),
      classes: [...new Set(remotes.flatMap((group) => group.classes))].sort(),
      remotes: remotes.map((group) => group.remote),
    });
    if (isShared) settlement.attributions.set(owner.id, 'shared');
    else if (!settlement.attributions.has(owner.id)) settlement.attributions.set(owner.id, 'inferred');
  }
}
