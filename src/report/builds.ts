/** Builds and their steps as documents: what BuildKit said, joined with the bytes their owners moved. */
import { namedByInstruction } from '../builds/remote-names.js';
import type { BlobProgress, Build, Step } from '../builds/types.js';
import type { Tier } from '../metering/types.js';
import type { PeriodRemote, RemoteUsage } from '../metering/usage.js';
import type {
  BuildDocument,
  BuildShowDocument,
  BuildsDocument,
  LayerDocument,
  RemoteDocument,
  RemotesDocument,
  StepDocument,
} from '../protocol/documents.js';
import { SCHEMA } from '../protocol/documents.js';
import { type BuildLedger, sumPages } from '../savings/build-ledger.js';
import type { EpochMs, Transfer } from '../units.js';
import { coldBytesOf, savedDocument, stepSavedFields } from './saved.js';
import { iso, isoOrNull, mainLink, mergeSums, noTransfer, type OwnerSum, transferOf } from './sums.js';

const UNKNOWN = { rxBytes: null, txBytes: null };

/** What documents of builds are made from, besides the builds. */
export interface BuildUsage {
  sums: ReadonlyMap<string, OwnerSum>;
  remotes: readonly RemoteUsage[];
  /** Tier of the meter that watched, for steps that moved nothing. */
  tier: Tier;
  /** What the builds saved, by ref; builds that are not in here say that they do not know. */
  ledgers?: ReadonlyMap<string, BuildLedger>;
  /** Null: nobody can tell. */
  isMetered?: (link: string) => boolean | null;
}

/** Owners whose bytes are this step's: the executors that ran it, or its share of the engine's own transfers. */
export function stepOwnerIds(ref: string, step: Step): string[] {
  if (step.sharedWith !== undefined) return [];
  return [...step.executorIds.map((id) => `exec:${id}`), sourceOwnerId(ref, step.digest)];
}

/** The owner that bytes which the engine fetched for one step are moved to. */
export function sourceOwnerId(ref: string, digest: string): string {
  return `source:${ref}/${digest}`;
}

export function buildOwnerIds(build: Build): string[] {
  return build.steps.flatMap((step) => stepOwnerIds(build.ref, step));
}

export function buildsDocument(builds: readonly Build[], usage: BuildUsage): BuildsDocument {
  return { schema: SCHEMA, builds: builds.map((build) => buildDocument(build, usage)) };
}

export function buildShowDocument(build: Build, usage: BuildUsage): BuildShowDocument {
  return {
    schema: SCHEMA,
    build: buildDocument(build, usage),
    steps: build.steps
      .filter((step) => step.status !== 'pending')
      .map((step) => stepDocument(build, step, usage)),
  };
}

export function buildDocument(build: Build, usage: BuildUsage): BuildDocument {
  const steps = build.steps.filter((step) => step.status !== 'pending');
  const sums = steps.map((step) => stepSum(build.ref, step, usage)).filter((sum) => sum !== undefined);
  const total = mergeSums(sums);
  const isMetered = !steps.some((step) => step.unmetered);
  const saved = sumPages(usage.ledgers?.get(build.ref)?.values() ?? []);
  const link = total === undefined ? null : mainLink(total.wanByLink);
  return {
    ref: build.ref,
    name: build.name,
    project: build.project ?? null,
    context: build.context ?? null,
    dockerfile: build.dockerfile ?? null,
    target: build.target ?? null,
    platforms: build.platforms,
    ...(build.cacheNamespace === undefined ? {} : { cacheNamespace: build.cacheNamespace }),
    engine: build.engine,
    link,
    metered: link === null ? null : (usage.isMetered?.(link) ?? null),
    status: build.imported?.ended === false ? null : build.status,
    startedAt: build.imported?.dated === false ? null : iso(build.startedAt),
    completedAt: build.imported?.dated === false ? null : isoOrNull(build.completedAt),
    imported: build.imported?.kind ?? null,
    steps: steps.length,
    cachedSteps: steps.filter((step) => step.status === 'cached').length,
    wan: isMetered ? transfer(total?.wan) : UNKNOWN,
    coldBytes: isMetered ? coldBytesOf(saved) : null,
    saved: savedDocument(saved),
  };
}

export function stepDocument(build: Build, step: Step, usage: BuildUsage): StepDocument {
  const sum = stepSum(build.ref, step, usage);
  const owners = new Set(stepOwnerIds(build.ref, step));
  const first = step.intervals[0];
  const last = step.intervals.at(-1);
  return {
    digest: step.digest,
    number: step.number ?? null,
    name: step.name,
    stage: step.stage ?? null,
    instruction: step.instruction,
    platform: step.platform ?? null,
    kind: step.kind,
    status: step.status === 'pending' ? 'running' : step.status,
    sharedWith: step.sharedWith ?? null,
    startedAt: build.imported?.dated === false ? null : isoOrNull(first?.startedAt),
    completedAt: build.imported?.dated === false ? null : isoOrNull(last?.completedAt),
    durationMs: stepDuration(step),
    tier: build.imported === undefined ? (sum?.tier ?? usage.tier) : 'reported',
    attribution: step.attribution,
    link: sum === undefined ? null : mainLink(sum.wanByLink),
    wan: step.unmetered ? UNKNOWN : transfer(sum?.wan),
    lan: step.unmetered ? UNKNOWN : transfer(sum?.lan),
    proxy: step.unmetered ? UNKNOWN : transfer(sum?.proxy),
    reportedBytes: reportedBytes(step),
    layers: step.blobs.map(layerDocument),
    remotes: namedByInstruction(
      build,
      step,
      usage.remotes.filter((remote) => owners.has(remote.ownerId)),
    ).map(remoteDocument),
    cacheMounts: step.cacheMounts.map((mount) => ({
      id: mount.id ?? null,
      target: mount.target,
      recordId: mount.recordId ?? null,
      sharing: mount.sharing ?? null,
      emptyAtStart: mount.emptyAtStart ?? null,
      bytesBefore: mount.bytesBefore ?? null,
      bytesAfter: mount.bytesAfter ?? null,
    })),
    ...stepSavedFields(usage.ledgers?.get(build.ref)?.get(step.digest)),
  };
}

export function remotesDocument(since: EpochMs, remotes: readonly PeriodRemote[]): RemotesDocument {
  return {
    schema: SCHEMA,
    since: iso(since),
    remotes: remotes.map((remote) => ({ ...remoteDocument(remote), owners: remote.owners })),
  };
}

export function remoteDocument(remote: Omit<RemoteUsage, 'ownerId'>): RemoteDocument {
  return {
    address: remote.address,
    name: remote.name,
    nameSource: remote.nameSource,
    port: remote.port === 0 ? null : remote.port,
    protocol: remote.protocol,
    class: remote.class,
    rxBytes: remote.rxBytes,
    txBytes: remote.txBytes,
  };
}

/** What all owners of a step moved; undefined when they moved nothing. */
export function stepSum(ref: string, step: Step, usage: Pick<BuildUsage, 'sums'>): OwnerSum | undefined {
  const parts = stepOwnerIds(ref, step).map((id) => usage.sums.get(id));
  return mergeSums(parts.filter((part) => part !== undefined));
}

/** Time it ran, without the gaps between its intervals; null while it runs or when it never did. */
function stepDuration(step: Step): number | null {
  if (step.intervals.length === 0) return null;
  let total = 0;
  for (const { startedAt, completedAt } of step.intervals) {
    if (completedAt === undefined) return null;
    total += completedAt - startedAt;
  }
  return Math.round(total);
}

/** Growth of the blobs that BuildKit reported for this step; null when it reported none. */
function reportedBytes(step: Step): number | null {
  if (step.blobs.length === 0) return null;
  let total = 0;
  for (const { samples } of step.blobs) {
    const first = samples[0];
    const last = samples.at(-1);
    if (first !== undefined && last !== undefined) total += last.current - first.current;
  }
  return total;
}

function layerDocument({ id, total, samples }: BlobProgress): LayerDocument {
  return {
    id,
    bytes: samples.at(-1)?.current ?? 0,
    totalBytes: total ?? null,
    fetched: samples.length > 1 || samples.at(-1)?.current === 0,
  };
}

function transfer(traffic: Transfer | undefined): Transfer {
  return traffic === undefined ? noTransfer() : transferOf(traffic);
}
