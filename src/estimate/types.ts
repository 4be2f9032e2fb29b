/**
 * estimate: what a build will fetch, told before it runs. BuildKit has no dry run: which steps will run is
 * predicted from the builds that were seen (same instructions, same files copied, on the same layers), from
 * what BuildKit still keeps, and from its cache mounts; what each costs, from what it cost before. Pure.
 */
import type { Build, Step, StepKind } from '../builds/types.js';
import type { ResolvedStage } from '../dockerfile/resolve.js';
import type { Basis } from '../protocol/documents.js';
import type { ColdCost } from '../savings/types.js';
import type { Bytes, EpochMs } from '../units.js';
import type { LayerState } from './layers.js';
import type { NeededImage } from './needed.js';

/** What one instruction takes from the build context: COPY, ADD, and RUN with a bind mount. */
export interface StepInput {
  /** Of names, modes and contents. */
  digest: string;
  /** Content by path, to say which file changed; undefined where there were too many to keep. */
  files?: Readonly<Record<string, string>> | undefined;
  /** When the newest of it was changed, by the file system; undefined for nothing. */
  newestAt?: EpochMs | undefined;
  newest?: string | undefined;
  /** What the lock files among it pin, by path: `name version`. */
  packages?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** By line of the Dockerfile when asked about now, by the instruction's text when kept for a build. */
export type StepInputs = ReadonlyMap<string, StepInput>;

/** A build that may have left its layers, with what it copied as far as an estimate before it noted that. */
export interface KnownBuild {
  build: Build;
  /** By instruction, see `inputKey`; undefined when nobody looked. */
  inputs: StepInputs | undefined;
  /** Wan bytes of a step, both directions; undefined when they are not known. */
  bytesOf(step: Step): Bytes | undefined;
  /** What a step costs cold by the savings ledger; undefined when nothing says anything. */
  coldOf?: (step: Step) => ColdCost | undefined;
  /** Variables that a RUN step had; undefined when they are not known. */
  environmentOf?: (step: Step) => ReadonlySet<string> | undefined;
}

export interface CacheState {
  /** Without its namespace. */
  id: string;
  recordId: string;
  isEmpty: boolean | undefined;
  createdAt: EpochMs | undefined;
}

export interface ImageState {
  /** Everything of it is on the engine; undefined when that cannot be told. */
  isPresent: boolean | undefined;
  /** Digest that its name stands for now. */
  digest: string | undefined;
  /** Compressed bytes of layers and configuration that have to be fetched; undefined when not known. */
  missingBytes: Bytes | undefined;
  /** For people: `the registry's manifest`, or why it is not known. */
  because: string;
}

/** What the engine keeps right now. */
export interface EngineState {
  /** Layers in BuildKit's cache; undefined when they cannot be read. */
  layers: readonly LayerState[] | undefined;
  caches: readonly CacheState[] | undefined;
  /** By reference as the Dockerfile has it. */
  images: ReadonlyMap<string, ImageState>;
}

export interface Question {
  images: readonly NeededImage[];
  /** Only those that the target needs, in the file's order. */
  stages: readonly ResolvedStage[];
  /** By line. */
  inputs: StepInputs;
  noCache: boolean;
  /** Stages that `--no-cache-filter` names. */
  noCacheStages: readonly string[];
}

export interface StepForecast {
  name: string;
  kind: StepKind;
  line: number;
  willRun: boolean;
  because: string;
  fetchBytes: Bytes | undefined;
  lowBytes: Bytes | undefined;
  highBytes: Bytes | undefined;
  basis: Basis;
  /** What it would cost with nothing cached. */
  coldBytes: Bytes | undefined;
}
