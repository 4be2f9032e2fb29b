/**
 * store: everything the daemon remembers, in one SQLite file. One writer, one transaction a tick:
 * deltas and the counter positions they were made from are committed together or not at all.
 */
import type { Build } from '../../src/builds/types.js';
import type { CounterPosition, Owner, OwnerKind, TrafficRow } from '../../src/metering/types.js';
import type { LinkRow, Move, RemoteUsage, UsageRow } from '../../src/metering/usage.js';
import type { EpochMs, Interval } from '../../src/units.js';

export type { LinkRow, Move, RemoteUsage, UsageRow };

/** What one tick writes. */
export interface TickBatch {
  interval: Interval;
  /** Names the run of the kernel and of the counters: boot id and the maps' generation. */
  epoch: string;
  rows: TrafficRow[];
  links: LinkRow[];
  /** Owners first seen or changed in this tick. */
  owners: Owner[];
  /** Changed positions only. */
  positions: CounterPosition[];
  /** Keys whose counters were removed from the kernel. */
  forget: string[];
}

export interface Store {
  /** Positions as last committed for this epoch; empty when the epoch is another one. */
  positions(epoch: string): Promise<CounterPosition[]>;
  /** End of the last committed interval, to date what was counted while the daemon was down. */
  lastTickAt(): Promise<EpochMs | undefined>;
  commit(batch: TickBatch): Promise<void>;
  /** Splits past rows between owners. Idempotent by `id`: a second call with the same id changes nothing. */
  move(id: string, moves: Move[]): Promise<void>;
  saveOwner(owner: Owner): Promise<void>;
  owner(id: string): Promise<Owner | undefined>;

  saveBuild(build: Build): Promise<void>;
  builds(query: { limit?: number; since?: EpochMs; until?: EpochMs }): Promise<Build[]>;
  build(refOrPrefix: string): Promise<Build | undefined>;

  /** Sums per owner, class, link and tier of the rows whose interval ends in (since, until]. */
  usage(period: Interval, filter?: { ownerIds?: string[]; kinds?: OwnerKind[] }): Promise<UsageRow[]>;
  remotes(ownerIds: string[]): Promise<RemoteUsage[]>;
  linkUsage(period: Interval): Promise<LinkRow[]>;
  /** Rows of one owner in a period, oldest first, to settle shares with. */
  ownerRows(ownerId: string, period: Interval): Promise<TrafficRow[]>;
  /** Wan bytes per local day (`YYYY-MM-DD` in the time zone). */
  days(period: Interval, timeZone: string): Promise<{ date: string; usedBytes: number }[]>;

  setMeta(key: string, value: string): Promise<void>;
  meta(key: string): Promise<string | undefined>;
  /** Rolls old rows up and drops what is past its retention. */
  maintain(now: EpochMs): Promise<void>;
  close(): Promise<void>;
}
