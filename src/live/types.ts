/**
 * live: what the daemon's events and answers say, folded into one state, and that state as plain values for
 * a screen. Pure: messages and times in, values out. Unknown is null, never 0.
 */
import type { OwnerKind, TrafficClass } from '../metering/types.js';
import type {
  BudgetState,
  BuildDocument,
  RemotesDocument,
  SavedDocument,
  StatusDocument,
  StepDocument,
} from '../protocol/documents.js';
import type { EpochMs, Milliseconds, Transfer } from '../units.js';

/** Bytes per second. */
export interface Rate {
  rx: number;
  tx: number;
}

/** What figures of owners and remotes are about. */
export type PeriodName = 'start' | 'today' | 'cycle' | 'hour';

export type Connection =
  | { state: 'connecting' }
  /** Nobody listens; `before` says whether somebody did. */
  | { state: 'waiting'; because: string; hint: string | undefined; before: boolean; since: EpochMs }
  | { state: 'live' };

export interface LinkView {
  name: string;
  metered: boolean | null;
  because: string | null;
  rate: Rate;
  /** Bytes per second, received and sent, one figure a second, the newest last. */
  history: number[];
  /** Null until the daemon has said. */
  todayBytes: number | null;
  budget: BudgetState | null;
}

export interface StepView {
  document: StepDocument;
  /** Bytes per second over the link or to a proxy; null for a step that does not run. */
  rate: number | null;
  /** The rate is growth of compressed layers as the engine tells it, not bytes counted. */
  rateIsReported: boolean;
  runsSince: EpochMs | null;
}

export interface BuildView {
  document: BuildDocument;
  /** Undefined when its steps have not been asked for. */
  steps: StepView[] | undefined;
  /** It runs, or it was seen to and nothing has begun since. */
  isCurrent: boolean;
  rate: Rate;
}

export interface OwnerView {
  id: string;
  kind: OwnerKind;
  name: string;
  wan: Transfer;
  lan: Transfer;
  proxy: Transfer;
  rate: Rate;
  tier: string | null;
}

export type GroupName = 'steps' | 'containers' | 'engine' | 'proxies' | 'rest';

/** Owners of a kind together. Relays that carry others' bytes are in none. */
export interface GroupView {
  name: GroupName;
  wanBytes: number;
  rate: number;
  /** Most bytes first. */
  owners: OwnerView[];
}

export interface CacheView {
  id: string;
  targets: string[];
  /** Names of the steps that use it. */
  steps: string[];
  /** At the start of the last step that used it. */
  emptyAtStart: boolean | null;
  sizeBytes: number | null;
  /** By all builds whose steps are known here; null when none of them knows. */
  savedBytes: number | null;
  inUse: boolean;
  lastUsedAt: string | null;
}

export interface WarningView {
  code: string;
  message: string;
  hint: string | null;
  at: string | null;
}

export interface LiveView {
  /** What is shown was so then: now, or when the daemon was last heard. */
  at: EpochMs;
  connection: Connection;
  /** How long ago the daemon last said something, when that is longer than it should be; else undefined. */
  staleFor: Milliseconds | undefined;
  daemonVersion: string | null;
  meterTier: string | null;
  period: PeriodName;
  since: EpochMs | null;
  links: LinkView[];
  builds: BuildView[];
  owners: OwnerView[];
  groups: GroupView[];
  /** Link bytes without an owner in the period; null until the daemon has said. */
  unattributed: { bytes: number; linkBytes: number } | null;
  remotes: RemotesDocument['remotes'] | null;
  caches: CacheView[];
  warnings: WarningView[];
  /** What today's builds saved; null when it is not known. */
  savedToday: Pick<SavedDocument, 'headlineBytes' | 'bytes' | 'unknownSteps'> | null;
}

export type OwnerTotals = Pick<
  StatusDocument['owners'][number],
  'id' | 'kind' | 'name' | 'wan' | 'lan' | 'proxy'
>;

export const CLASSES = ['wan', 'lan', 'proxy'] as const satisfies TrafficClass[];
