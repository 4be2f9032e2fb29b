/** What the store answers with: sums of traffic rows, and the moves that settle who owned them. */
import type { EpochMs, Interval, Traffic, Transfer } from '../units.js';
import type { Owner, Remote, Tier, TrafficClass } from './types.js';

/** Driver-counted bytes of one link in one interval. */
export interface LinkRow extends Traffic {
  link: string;
  interval: Interval;
  txDropped: number | undefined;
}

/** Sum over a period, per owner, class, proxy, link and tier. */
export interface UsageRow extends Traffic {
  owner: Owner;
  class: TrafficClass;
  /** Name of the proxy, for class `proxy`. */
  proxy?: string | undefined;
  link: string | undefined;
  tier: Tier;
}

export interface RemoteUsage extends Transfer {
  ownerId: string;
  address: string;
  /** Name it was last reached by; null when none was seen. */
  name: string | null;
  /** Where the name was heard: `dns`, `tls-sni`; null without one. */
  nameSource: string | null;
  port: number;
  protocol: string;
  class: TrafficClass;
}

/** What all owners together moved to and from one remote. */
export interface PeriodRemote extends Omit<RemoteUsage, 'ownerId'> {
  owners: number;
}

/**
 * Bytes that turn out to belong to another owner: taken from one, given to another, sum unchanged. Moves
 * that are given together speak of the rows as they were before any of them: their shares of one row add
 * up to 1 at most.
 */
export interface Move {
  fromOwnerId: string;
  to: Owner;
  /** Rows of `fromOwnerId` whose interval ends in this one are moved, by this share of each (0 to 1). */
  interval: Interval;
  share: number;
  /** Only these classes; wan and proxy as a rule. */
  classes: TrafficClass[];
  /** Only rows to these remotes; all when left out. */
  remotes?: Remote[];
}

/** The period (since, until] that a row belongs to is the one its interval ends in. */
export function endsIn(interval: Interval, since: EpochMs, until: EpochMs): boolean {
  return interval.to > since && interval.to <= until;
}
