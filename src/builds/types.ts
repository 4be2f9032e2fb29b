/**
 * builds: what BuildKit says about a solve, folded into builds and steps, and the join of its
 * vertices with the cgroups that the executor ran them in. Pure: streams in, values out.
 */
import type { Attribution } from '../metering/types.js';
import type { DeclaredCost } from '../savings/types.js';
import type { Bytes, EpochMs, Milliseconds } from '../units.js';
import type { ClientLog } from './client-log/types.js';

export type BuildStatus = 'running' | 'completed' | 'failed' | 'canceled';
export type StepStatus = 'done' | 'cached' | 'failed' | 'canceled' | 'running' | 'shared' | 'pending';
/** `from` resolves and pulls an image, `add` fetches a URL, `git` a repository; both run in the engine itself. */
export type StepKind = 'run' | 'from' | 'copy' | 'add' | 'git' | 'internal' | 'export';

export interface StepInterval {
  startedAt: EpochMs;
  /** Undefined while it runs. */
  completedAt: EpochMs | undefined;
}

/** Progress of one blob (layer, archive) as BuildKit reports it: compressed bytes, not bytes on the wire. */
export interface BlobProgress {
  /** Blob digest or BuildKit's status id. */
  id: string;
  total: Bytes | undefined;
  /** First and later values of `current`, by time; a blob that was there already starts at its full size. */
  samples: { at: EpochMs; current: Bytes }[];
}

export interface CacheMount {
  /** Id as the Dockerfile uses it, without the namespace; the target when it has none; undefined when unknown. */
  id: string | undefined;
  target: string;
  recordId: string | undefined;
  sharing: string | undefined;
  emptyAtStart: boolean | undefined;
  bytesBefore: Bytes | undefined;
  bytesAfter: Bytes | undefined;
  /** What it starts with when it is new: a stage or image, with the folder in it; else it starts empty. */
  from?: string;
}

export interface Step {
  digest: string;
  /** Digests of the vertices it depends on. */
  inputs: string[];
  /** The vertex's name as BuildKit gives it, such as `[app 2/5] RUN make`. Hostile input. */
  name: string;
  /** Position in its stage (2 of `[app 2/5]`), undefined for internal vertices. */
  number: number | undefined;
  stage: string | undefined;
  /** `RUN make`: the name without its bracket. */
  instruction: string;
  platform: string | undefined;
  kind: StepKind;
  status: StepStatus;
  error: string | undefined;
  /** Merged running intervals, the cache probe of a few µs left out. */
  intervals: StepInterval[];
  blobs: BlobProgress[];
  /** Executors (random ids) that ran it; more than one after a retry or with several platforms. */
  executorIds: string[];
  attribution: Attribution;
  /** Ref of the other build that ran it, for status `shared`. */
  sharedWith: string | undefined;
  cacheMounts: CacheMount[];
  /** What package managers said in its output; absent when they said nothing of bytes. */
  clientLogs?: ClientLog[];
  /** It ran, and what it moved is not known: nothing counted then, or nobody saw which process it was. */
  unmetered?: boolean;
  /** It is in a cache that the build imports (`--cache-from`), and its layers were pulled from there. */
  pullsCache?: boolean;
  /** The command as it was run, variables unexpanded; undefined for what runs none or was not seen. */
  command?: string | undefined;
  /** BuildKit's record of the layer that it ran on: the same inputs have the same. */
  inputLayer?: string | undefined;
  /** What its log, its manifest or its mounts say that it would fetch cold, best first. */
  declared?: readonly DeclaredCost[] | undefined;
}

/** Where a build is known from that netmeter did not see itself. */
export interface BuildImport {
  kind: 'rawjson' | 'plain' | 'dockerbuild';
  /** Whether the record says when; otherwise only durations are true. */
  dated: boolean;
  /** Whether the record goes on to the build's end; otherwise nobody knows how it ended. */
  ended: boolean;
}

export interface Build {
  ref: string;
  /** Name of the engine that ran it. */
  engine: string;
  /** Image tag, else the context folder's name, else the ref. */
  name: string;
  /** Compose project, Dev Container folder or context folder it belongs to. */
  project: string | undefined;
  context: string | undefined;
  dockerfile: string | undefined;
  target: string | undefined;
  platforms: string[];
  /** BUILDKIT_CACHE_MOUNT_NS: it has cache mounts of its own. */
  cacheNamespace?: string | undefined;
  status: BuildStatus;
  error: string | undefined;
  startedAt: EpochMs;
  completedAt: EpochMs | undefined;
  /** In the order they began to run, those that have not last; in one instant by stage and number. */
  steps: Step[];
  /** Told by its client's output: its times may be so much later than what they tell of. */
  lateBy?: Milliseconds;
  /** Read from a record that somebody else made; undefined for builds that were seen. */
  imported?: BuildImport;
}

/** What the executor directory and the engine's mount table tell about one running container of BuildKit. */
export interface Execution {
  /** Random id of the executor, the last component of its cgroup. */
  id: string;
  engine: string;
  cgroupPath: string;
  args: string[];
  env: string[];
  cwd: string;
  hostname: string | undefined;
  mounts: ExecutionMount[];
  /** Snapshot id of the writable layer, when the engine's mount table was read in time. */
  upperId: string | undefined;
  /** Snapshot ids below it, top first. */
  lowerIds: string[];
  /** BuildKit's own records of the layers below, nearest first; undefined when they could not be read. */
  lineage?: LayerRecord[] | undefined;
  /** When its writable layer was made, by BuildKit's record: right after the vertex started. */
  preparedAt?: EpochMs | undefined;
  /** When its folder came. */
  seenAt: EpochMs;
  /** When it was last seen to be there for sure; moves on in place while it runs. */
  aliveAt?: EpochMs | undefined;
  /** When it was found gone: events may come late, so it may have gone before. Undefined while it runs. */
  goneAt: EpochMs | undefined;
}

/** One layer below an execution, as BuildKit's cache records call it. */
export interface LayerRecord {
  id: string;
  /**
   * The vertex's name for COPY, ADD and WORKDIR (`[app 2/5] COPY . /src`), `mount / from exec ARGS` for RUN,
   * `pulled from IMAGE` or `from local ` for an image's layer. A cached layer keeps the name of the build that made it.
   */
  description: string;
  createdAt: EpochMs | undefined;
  /** Local images whose top layer this is. */
  images: string[];
}

export interface ExecutionMount {
  target: string;
  /** Host path as the engine sees it. */
  source: string;
  type: string;
  readOnly: boolean;
  /** Snapshot id for a cache mount or another snapshot, undefined for bind mounts of resolv.conf and the like. */
  snapshotId: string | undefined;
  /** Path of the source within its snapshot: `/` for all of it; undefined for other mounts. */
  path?: string | undefined;
  /** Whether the directory was empty when first looked at, while the step ran; undefined when not seen in time. */
  emptyAtStart: boolean | undefined;
  /** `<namespace>/<id>` of a cache mount, from BuildKit's record of it; undefined for other mounts and when not read. */
  cacheId?: string | undefined;
  /** What a cache mount held before and after, as far as known; looked up when it was over. */
  bytesBefore?: Bytes | undefined;
  bytesAfter?: Bytes | undefined;
}

/** Which step an execution ran, and how sure that is. */
export interface ExecutionMatch {
  executorId: string;
  ref: string;
  digest: string;
  attribution: 'exact' | 'inferred';
}
