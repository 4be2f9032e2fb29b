import type { StepKind } from '../../builds/types.js';
import type { Attribution, Tier } from '../../metering/types.js';
import type { RemoteDocument } from './remotes.js';
import type { SavedDocument, SavingDocument } from './savings.js';
import type { Basis, MaybeTransfer } from './shared.js';

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

export interface BuildsDocument {
  schema: 1;
  builds: BuildDocument[];
}

export interface BuildShowDocument {
  schema: 1;
  build: BuildDocument;
  steps: StepDocument[];
}
