/**
 * savings: what steps would have cost cold, and why they cost less. Every step that ran is recorded with
 * what it says of its own cold cost; from such records a baseline is chosen for steps that ran warm or not
 * at all; the ledger puts each byte that was not downloaded under one cause. Pure: values in, values out.
 *
 * Per step: `W` its wan bytes, `P` what proxies gave it, `F` what those fetched for it, `C` its cold cost.
 * Always `C - (W + F) = sum of causes + residual`, for steps, builds and reports.
 */
import type { SavingCause } from '../protocol/documents/savings.js';
import type { Basis } from '../protocol/documents/shared.js';
import type { Bytes, EpochMs, Interval, Milliseconds } from '../units.js';

export type { Basis, SavingCause };

/** A figure that is known to some degree: the likely value, and between which bounds it lies. */
export interface Range {
  bytes: Bytes;
  lowBytes: Bytes;
  highBytes: Bytes;
}

/** What a step costs in wan bytes when it runs cold, and how that is known. */
export interface ColdCost extends Range {
  basis: Exclude<Basis, 'unknown'>;
  /** When that was seen. */
  at: EpochMs;
  /** How long it ran cold; undefined where no cold run was seen. */
  durationMs: Milliseconds | undefined;
}

/**
 * What a step's log, its manifest or the growth of its mounts says that all of it would have fetched cold, as
 * bytes of content, without what the wire adds. `estimated` where it rests on a factor that nobody tested.
 */
export interface DeclaredCost extends Range {
  basis: 'derived' | 'estimated';
  /** Bytes that the step did not fetch, on top of those that it moved; else all that it would have fetched. */
  isOnTop: boolean;
  /** What it rests on, for people: `apt's "Need to get"`, `the image's manifest`. */
  source: string;
}

/** What a step really moved. */
export interface Actual {
  /** Wan bytes, received and sent. */
  wanBytes: Bytes;
  /** What proxies delivered, by the proxy's name; an empty name for proxies that nobody named. */
  proxies: readonly { name: string; bytes: Bytes }[];
}

/** What one proxy delivered and fetched in one period, over all that used it. */
export interface ProxyPeriod {
  name: string;
  interval: Interval;
  deliveredBytes: Bytes;
  /** Its own wan bytes; undefined when it runs where nothing is counted. */
  fetchedBytes: Bytes | undefined;
}

/** What is known of links, for money and for what counts as metered. */
export interface LinkPrices {
  priceOf(link: string): Price | undefined;
  /** Undefined when nobody knows. */
  isMetered(link: string): boolean | undefined;
  /** The link that the default route used then; for steps that moved nothing. */
  linkAt(at: EpochMs): string | undefined;
}

export interface Price {
  currency: string;
  /** Per 10^9 bytes. */
  perGigabyte: number;
}

/** Where a step stands, to tell equal instructions of different projects apart. */
export interface Place {
  /** Context and Dockerfile. */
  file: string | undefined;
  project: string | undefined;
  /** Of the image, without its tag. */
  name: string;
}

/** One step that ran, with what it says of its own cold cost; the row that is stored. */
export interface StepRun {
  ref: string;
  digest: string;
  /** The same instruction with whatever inputs; see identity.ts. */
  lineage: string;
  /** The instruction as it was shown, by which later steps find the lineage. */
  shown: string;
  place: Place;
  stage: string | undefined;
  platform: string | undefined;
  /** What it ran on top of; two runs of one lineage with the same had the same inputs. */
  inputs: string | undefined;
  endedAt: EpochMs;
  durationMs: Milliseconds;
  /** Wan bytes and what proxies gave it. */
  spentBytes: Bytes;
  /** Every cache mount of it was empty, or it has none. */
  wasCold: boolean;
  /** Undefined where nothing can be said. */
  cold: ColdCost | undefined;
}

/** What a cache mount's record was filled with since it was empty. */
export interface CacheFill {
  recordId: string;
  /** The id that Dockerfiles use. */
  cacheId: string | undefined;
  /** Undefined: it was not empty when first seen, so what is in there is not known. */
  emptiedAt: EpochMs | undefined;
  /** Nothing that used it went uncounted since. */
  isComplete: boolean;
  lastUsedAt: EpochMs;
  /** What steps said that they installed while they had it; undefined where one of them did not say. */
  packages?: readonly string[] | undefined;
  /** Bytes that steps spent while they had it. */
  spent: readonly { lineage: string; name: string; bytes: Bytes }[];
}

/** Bytes of one step that one cause kept from being downloaded, signed. */
export interface Saving extends Range {
  cause: SavingCause;
  /** Of a cached layer: what it would cost with today's cache mounts; undefined when unknown. */
  marginalBytes: Bytes | undefined;
  basis: Exclude<Basis, 'unknown'>;
}

/** One step's page of the ledger. */
export interface StepLedger {
  cold: ColdCost | undefined;
  /** W + F; undefined when its bytes are not known. */
  actualBytes: Bytes | undefined;
  /** Undefined when it failed, was stopped, still runs, or nothing can be known. Empty: known to be none. */
  savings: readonly Saving[] | undefined;
  /** C - actual - the sum of causes; undefined where `savings` is. */
  residualBytes: Bytes | undefined;
  /** It could have saved something, and nobody can say what. */
  isUnknown: boolean;
  /** Of a kind that has no cold cost of its own: look-ups, copies, uploads. */
  isNeutral: boolean;
  /** Cold duration minus its own; undefined when no cold run was seen. */
  workAvoidedMs: Milliseconds | undefined;
}
