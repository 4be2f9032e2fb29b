/**
 * The JSON documents of the command line, schema 1. A contract with scripts: add to it freely,
 * change what is here only with a new schema number. Unknown is null, never 0; times are ISO 8601 in UTC.
 */
import type { StepKind } from '../builds/types.js';
import type { Attribution, OwnerKind, Tier, TrafficClass } from '../metering/types.js';
import type { Transfer } from '../units.js';

export const SCHEMA = 1;

export interface StatusDocument {
  schema: 1;
  running: boolean;
  pid: number | null;
  startedAt: string | null;
  version: string;
  since: string | null;
  tiers: { meter: Tier | null; builds: string | null; links: Tier | null };
  links: StatusLink[];
  owners: StatusOwner[];
  reconciliation: ReconciliationDocument | null;
  lost: Record<string, number>;
  warnings: { code: string; message: string; at: string; seen: boolean }[];
  sources: {
    name: string;
    ok: boolean;
    because: string | null;
    /** What kind of failure it is, and what to do about it; null where it works. */
    code: string | null;
    hint: string | null;
    lastDurationMs: number | null;
  }[];
}

/** A transfer that may not be known: null, never 0. */
export type MaybeTransfer = Transfer | { rxBytes: null; txBytes: null };

export interface StatusLink extends Transfer {
  name: string;
  interface: string;
  metered: boolean | null;
  meteredBecause: string | null;
  budget: null;
  reconciliation: ReconciliationDocument | null;
}

export interface ReconciliationDocument {
  linkBytes: number;
  attributedBytes: number;
  tunnelOverheadBytes: number;
  unattributedBytes: number;
  linkPackets: number;
  attributedPackets: number;
  packetsComparable: boolean;
  rxHeaderBytes: number | null;
  txHeaderBytes: number | null;
}

export interface StatusOwner {
  kind: OwnerKind;
  name: string;
  id: string;
  tier: Tier;
  wan: Transfer;
  lan: Transfer;
  proxy: Transfer;
  local: Transfer;
  image: string | null;
  composeProject: string | null;
  composeService: string | null;
  devContainerFolder: string | null;
}

export interface SavedDocument {
  bytes: number;
  headlineBytes: number;
  lowBytes: number;
  highBytes: number;
  byCause: { cacheMount: number; proxy: number; layerCache: number; localImage: number; sharedBuild: number };
  unknownSteps: number;
  residualBytes: number;
}

export interface BuildDocument {
  ref: string;
  name: string;
  project: string | null;
  context: string | null;
  dockerfile: string | null;
  target: string | null;
  platforms: string[];
  engine: string;
  link: string | null;
  metered: boolean | null;
  status: 'running' | 'completed' | 'failed' | 'canceled';
  startedAt: string;
  completedAt: string | null;
  steps: number;
  cachedSteps: number;
  /** Null when a step of it ran whose bytes are not known. */
  wan: MaybeTransfer;
  coldBytes: number | null;
  saved: SavedDocument | null;
}

export interface StepDocument {
  digest: string;
  number: number | null;
  name: string;
  stage: string | null;
  instruction: string;
  platform: string | null;
  kind: StepKind;
  status: 'done' | 'cached' | 'failed' | 'canceled' | 'running' | 'shared';
  sharedWith: string | null;
  startedAt: string | null;
  completedAt: string | null;
  durationMs: number | null;
  tier: Tier;
  attribution: Attribution;
  link: string | null;
  wan: MaybeTransfer;
  lan: MaybeTransfer;
  proxy: MaybeTransfer;
  /** Compressed bytes of the blobs that BuildKit said it fetched; not bytes on the wire. */
  reportedBytes: number | null;
  remotes: RemoteDocument[];
  cacheMounts: {
    id: string | null;
    target: string;
    recordId: string | null;
    sharing: string | null;
    emptyAtStart: boolean | null;
    bytesBefore: number | null;
    bytesAfter: number | null;
  }[];
  coldBytes: number | null;
  coldBasis: 'measured' | 'derived' | 'estimated' | 'unknown';
  coldAt: string | null;
  savings: null;
  residualBytes: number | null;
}

export interface RemoteDocument extends Transfer {
  address: string;
  /** Name it was reached by, when that is known. */
  name: string | null;
  /** The service's port; null for ports of 32768 and above, which are not told apart. */
  port: number | null;
  protocol: string;
  class: TrafficClass;
}

export interface BuildsDocument {
  schema: 1;
  builds: BuildDocument[];
}

export interface BuildShowDocument {
  schema: 1;
  build: BuildDocument;
  steps: StepDocument[];
}

export interface ReportDocument {
  schema: 1;
  since: string;
  until: string;
  timeZone: string;
  wan: Transfer;
  byOwnerKind: Record<'step' | 'pull' | 'engine' | 'container' | 'proxy' | 'host' | 'unattributed', Transfer>;
  builds: { count: number; failed: number };
  coldBytes: number | null;
  saved: null;
  money: never[] | null;
  workAvoidedMs: number | null;
  energyWh: null;
  links: {
    name: string;
    metered: boolean | null;
    bytes: number;
    reconciliation: ReconciliationDocument | null;
    budget: null;
  }[];
  days: { date: string; usedBytes: number; savedBytes: number | null; headlineBytes: number | null }[];
  projects: { name: string; usedBytes: number; savedBytes: number | null }[];
  topSteps: { name: string; project: string | null; bytes: number; savedBytes: number | null }[];
  estimates: { count: number; medianErrorRatio: number | null };
  previous: { usedBytes: number | null; savedBytes: number | null };
  tiers: { exact: number; header: number; polled: number };
  advice: { code: string; message: string; where: string | null; savesBytes: number | null; basis: string }[];
}

export interface DoctorDocument {
  schema: 1;
  ok: boolean;
  checks: { name: string; ok: boolean; found: string; needed: string; fix: string | null }[];
}

export interface RunDocument {
  schema: 1;
  command: string[];
  exitCode: number | null;
  signal: string | null;
  startedAt: string;
  durationMs: number;
  wan: Transfer;
  lan: Transfer;
  proxy: Transfer;
  tier: Tier;
  remotes: RemoteDocument[];
  build: BuildDocument | null;
}

export interface ErrorDocument {
  schema: 1;
  error: { code: string; message: string; hint: string | null };
}
