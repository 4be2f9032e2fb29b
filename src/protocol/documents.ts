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
  warnings: WarningDocument[];
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

/** Something that the user should know. Its codes are in docs/errors.md. */
export interface WarningDocument {
  code: string;
  message: string;
  at: string;
  /** A person has seen it. */
  seen: boolean;
}

/** A transfer that may not be known: null, never 0. */
export type MaybeTransfer = Transfer | { rxBytes: null; txBytes: null };

export interface StatusLink extends Transfer {
  name: string;
  interface: string;
  metered: boolean | null;
  meteredBecause: string | null;
  budget: BudgetState | null;
  reconciliation: ReconciliationDocument | null;
}

/** How far a link's budget is used in its current cycle. */
export interface BudgetState {
  limitBytes: number;
  usedBytes: number;
  remainingBytes: number;
  cycleStart: string;
  cycleEnd: string;
  /** At the end of the cycle; null while too little is known. */
  forecastBytes: number | null;
  /** By what weekdays used before, or simply at the pace so far. */
  forecastBasis: 'weekdays' | 'simple' | null;
  /** When it will be used up by that forecast; null when it lasts, or nobody knows. */
  runsOutAt: string | null;
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

/** How a figure came to be known. */
export type Basis = 'measured' | 'derived' | 'estimated' | 'unknown';

export type SavingCause = 'cache-mount' | 'proxy' | 'layer-cache' | 'local-image' | 'shared-build';

/** Bytes of one step that one cause kept from being downloaded, signed. */
export interface SavingDocument {
  cause: SavingCause;
  bytes: number;
  lowBytes: number;
  highBytes: number;
  /** Of a cached layer: what it would have cost with today's cache mounts; null for other causes and when unknown. */
  marginalBytes: number | null;
  basis: Basis;
}

export interface ProxiesDocument {
  schema: 1;
  since: string;
  until: string;
  proxies: ProxyDocument[];
}

/** A package proxy, and what it did between `since` and `until`. */
export interface ProxyDocument {
  name: string;
  /** Its program, such as `squid`; null when nobody knows. */
  kind: string | null;
  /** `added` by hand; the others are told by what gave it away. */
  found: 'added' | 'label' | 'image' | 'program' | 'mirror' | null;
  /** `elsewhere`: on another machine, where nothing is counted. Null for one that is no more. */
  place: 'container' | 'host' | 'elsewhere' | null;
  /** It is there at this moment. */
  isUp: boolean;
  /** Why it is not there, or what is not known of it; null when all is well. */
  because: string | null;
  /** Owner of its own bytes, as in `status`; null when they are not told apart. */
  owner: string | null;
  /** Address null: a port on every address of this host. */
  endpoints: { address: string | null; port: number; protocol: string }[];
  /** From the view of those who used it; null where only sums are counted, in lower tiers. */
  delivered: MaybeTransfer;
  /** What it moved over uplinks itself; null when that is not known. */
  fetched: MaybeTransfer;
  /** delivered - fetched: negative when it fetched more than anybody asked for. Null when not known. */
  savedBytes: number | null;
  /** By its own log, where that is followed, those that served most; never part of the figures above. */
  packages: ProxyPackageDocument[];
}

/** What a proxy's log says of one package. */
export interface ProxyPackageDocument {
  name: string;
  basis: 'reported';
  requests: number;
  hits: number;
  misses: number;
  servedBytes: number;
  /** Null when the log does not tell. */
  fetchedBytes: number | null;
}

export interface BuildDocument {
  ref: string;
  name: string;
  project: string | null;
  context: string | null;
  dockerfile: string | null;
  target: string | null;
  platforms: string[];
  /** BUILDKIT_CACHE_MOUNT_NS of a build that has cache mounts of its own; absent for others. */
  cacheNamespace?: string;
  engine: string;
  link: string | null;
  metered: boolean | null;
  /** Null for a record that is cut off before the end. */
  status: 'running' | 'completed' | 'failed' | 'canceled' | null;
  /** Null for a record without times. */
  startedAt: string | null;
  completedAt: string | null;
  /** The kind of record that it was imported from; null for builds that netmeter saw. */
  imported?: 'rawjson' | 'plain' | 'dockerbuild' | null;
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
  /** Progress of each of these blobs, in the order in which they were told of. */
  layers: LayerDocument[];
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
  coldBasis: Basis;
  coldAt: string | null;
  savings: SavingDocument[] | null;
  residualBytes: number | null;
  /** Its duration cold, less its own; null when no cold run was seen. */
  workAvoidedMs: number | null;
}

/** A blob as BuildKit tells of it: compressed bytes, not bytes on the wire. */
export interface LayerDocument {
  /** Its digest, or what BuildKit calls an upload. */
  id: string;
  bytes: number;
  totalBytes: number | null;
  /** False for one that was there already. */
  fetched: boolean;
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

/** Remotes of a period, the same remote once per class. */
export interface RemotesDocument {
  schema: 1;
  since: string;
  remotes: (RemoteDocument & {
    /** How many owners talked to it. */
    owners: number;
  })[];
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

/** What a period's builds saved. */
export interface PeriodSavedDocument extends SavedDocument {
  /** The part that a metered link would have carried. */
  meteredBytes: number;
  byBasis: { measured: number; derived: number; estimated: number };
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
  saved: PeriodSavedDocument | null;
  money: { currency: string; spent: number; saved: number | null }[] | null;
  workAvoidedMs: number | null;
  energyWh: { used: number; saved: number | null; source: string } | null;
  links: {
    name: string;
    metered: boolean | null;
    bytes: number;
    reconciliation: ReconciliationDocument | null;
    budget: BudgetState | null;
  }[];
  days: { date: string; usedBytes: number; savedBytes: number | null; headlineBytes: number | null }[];
  /** The days by ISO week; a week is whole where all of it lies in the period and was metered. */
  weeks: {
    week: string;
    isWhole: boolean;
    usedBytes: number;
    savedBytes: number | null;
    headlineBytes: number | null;
  }[];
  projects: { name: string; usedBytes: number; savedBytes: number | null }[];
  /** Projects that used something else than in the period before, most changed first; empty when that is unknown. */
  changes: { name: string; usedBytes: number; previousUsedBytes: number }[];
  topSteps: { name: string; project: string | null; bytes: number; savedBytes: number | null }[];
  estimates: { count: number; medianErrorRatio: number | null };
  previous: { usedBytes: number | null; savedBytes: number | null };
  tiers: { exact: number; header: number; polled: number };
  advice: AdviceDocument[];
}

/** Something to change so that builds download less. */
export interface AdviceDocument {
  code: string;
  message: string;
  /** `Dockerfile:12` */
  where: string | null;
  /** What it would have saved in the period, at most where the basis is an estimate; null when nothing was measured. */
  savesBytes: number | null;
  basis: Basis;
}

export interface AdviseDocument {
  schema: 1;
  file: string;
  advice: AdviceDocument[];
}

/** What a build will fetch; of `check`, too. */
export interface EstimateDocument {
  schema: 1;
  /** Null when that of a step is not known. */
  fetchBytes: number | null;
  lowBytes: number | null;
  highBytes: number | null;
  basis: Basis;
  coldBytes: number | null;
  link: string | null;
  metered: boolean | null;
  /** Of the link's budget in this cycle. */
  remainingBytes: number | null;
  limitBytes: number | null;
  allowed: boolean;
  steps: {
    name: string;
    kind: StepKind;
    line: number;
    willRun: boolean;
    because: string;
    fetchBytes: number | null;
    lowBytes: number | null;
    highBytes: number | null;
    basis: Basis;
    /** With nothing cached. */
    coldBytes: number | null;
  }[];
}

/** When reports are written without being asked for. */
export interface ScheduleDocument {
  schema: 1;
  schedule: 'weekly' | null;
  format: 'text' | 'md' | 'html' | 'json' | null;
  timeZone: string | null;
  /** Where they are written to. */
  directory: string;
  nextAt: string | null;
}

/** What a cold build measured. */
export interface BaselineDocument {
  schema: 1;
  ref: string;
  /** Of the steps that were measured. */
  coldBytes: number;
  steps: { name: string; coldBytes: number }[];
  /** Steps that fetch something and could not be measured, and why. */
  unmeasured: { name: string; because: string }[];
}

/** BuildKit's records, for those who have to tell their own from others'. */
export interface CacheRecordsDocument {
  schema: 1;
  records: {
    recordId: string;
    type: string;
    description: string;
    /** `<namespace>/<id>` of a cache mount. */
    cacheId: string | null;
    parents: string[];
  }[];
}

/** A cache mount, as the engine keeps it. */
export interface CacheDocument {
  /** As the Dockerfile has it: `id=`, or the target where it has none. */
  id: string;
  /** Of BUILDKIT_CACHE_MOUNT_NS; empty for everybody's caches. */
  namespace: string;
  target: string | null;
  targets: string[];
  recordId: string;
  sizeBytes: number | null;
  createdAt: string | null;
  lastUsedAt: string | null;
  usageCount: number;
  inUse: boolean;
  /** The step that has it mounted right now. */
  heldBy: { step: string; ref: string | null } | null;
  manager: string | null;
  /** Its directory on this machine; null when it could not be found, or this user may not look. */
  path: string | null;
  savedBytes: number | null;
  /** Whether the engine's garbage collection, run now, would remove it; null when its rules are not known. */
  prunedNext: boolean | null;
  /** At most this was fetched to fill it: what filling it again would take; null when it was not seen empty. */
  refillBytes: number | null;
  /** Steps that used it, newest first. */
  uses: {
    ref: string;
    build: string;
    project: string | null;
    step: string;
    target: string;
    startedAt: string;
    emptyAtStart: boolean | null;
    fetchedBytes: number | null;
  }[];
}

export interface CachesDocument {
  schema: 1;
  caches: CacheDocument[];
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
  /** Given while it ran. */
  warnings: WarningDocument[];
}

export interface ErrorDocument {
  schema: 1;
  error: { code: string; message: string; hint: string | null };
}

/** One link as `netmeter link ls` lists it. */
export interface LinkDocument {
  name: string;
  interface: string;
  /** It is there now. */
  present: boolean;
  /** The default route leads over it. */
  isDefault: boolean;
  metered: boolean | null;
  meteredBecause: string;
  /** What the user said; null: `auto`. */
  meteredByUser: boolean | null;
  /** Null where nobody said. `currency` is XXX where none was named. */
  price: { perGigabyte: number; currency: string } | null;
  /** What one build may fetch over it, if it is metered, before that is warned of. */
  limitBytes: number;
  budget: BudgetState | null;
}

export interface LinksDocument {
  schema: 1;
  links: LinkDocument[];
}

export interface BudgetsDocument {
  schema: 1;
  budgets: { link: string; cycle: string; timeZone: string; limitBytes: number; state: BudgetState | null }[];
}

/** The link that a build's bytes would cross now, for shell prompts and estimates. */
export interface PromptDocument {
  schema: 1;
  link: string | null;
  metered: boolean | null;
  usedBytes: number | null;
  budgetBytes: number | null;
  remainingBytes: number | null;
  /** What one build may fetch; null where the link is not metered. */
  limitBytes: number | null;
  /** Warnings that nobody has seen. */
  warnings: number;
}
