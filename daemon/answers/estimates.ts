import { dockerfilePath } from '../../src/advice/history.js';
import type { Build } from '../../src/builds/types.js';
import { readDockerfile } from '../../src/dockerfile/read.js';
import { resolveStages } from '../../src/dockerfile/resolve.js';
import { type EstimateLink, estimateDocument } from '../../src/estimate/document.js';
import { keptInputs } from '../../src/estimate/inputs.js';
import { neededImages, neededStages } from '../../src/estimate/needed.js';
import { otherPlatforms } from '../../src/estimate/other-platforms.js';
import { predict } from '../../src/estimate/predict.js';
import { tieEstimates } from '../../src/estimate/tie.js';
import type { EngineState, KnownBuild, StepInputs } from '../../src/estimate/types.js';
import type { EstimateDocument } from '../../src/protocol/documents.js';
import type { EstimateParams } from '../../src/protocol/messages.js';
import { type BuildUsage, stepDocument } from '../../src/report/builds.js';
import type { EpochMs } from '../../src/units.js';
import type { Store } from '../store/types.js';

export interface EngineQuestion {
  images: readonly string[];
  /** Of cache mounts; empty unless the build asks for another one. */
  namespace: string;
  platform: string | undefined;
  pull: boolean;
  offline: boolean;
  signal: AbortSignal;
}

/** Of RUN steps, by their digest: `NAME=value`. */
type Environments = ReadonlyMap<string, ReadonlySet<string>>;

export interface EstimateAnswersOptions {
  store: Store;
  now(): EpochMs;
  /** Name of the engine that is going to build. */
  engine: string;
  engineState(question: EngineQuestion): Promise<EngineState>;
  usageOf(builds: readonly Build[]): Promise<BuildUsage>;
  /** Variables of a build's RUN steps by their digest, from its provenance; empty when it has none (any more). */
  environments(ref: string): Promise<Environments>;
  /** The link that the default route uses now. */
  link(): EstimateLink;
}

const HOUR = 3_600_000;
/** Builds that are looked at, the newest. */
const MOST_BUILDS = 300;
/** Builds of the same Dockerfile whose provenance is read. */
const MOST_ENVIRONMENTS = 20;
/** What was read of them, since it does not change any more. */
const KEPT_ENVIRONMENTS = 200;

/** What a build is going to fetch. Each answer is kept, to be held against what the build then took. */
export class EstimateAnswers {
  readonly #options: EstimateAnswersOptions;
  readonly #read = new Map<string, Environments>();

  constructor(options: EstimateAnswersOptions) {
    this.#options = options;
  }

  /** @throws NetmeterError `unreadable-input` for the Dockerfile, `usage` for a target that is not in it */
  async estimate(params: EstimateParams, signal: AbortSignal): Promise<EstimateDocument> {
    const { store, now, engineState, link } = this.#options;
    const file = readDockerfile(params.text, params.file);
    const all = resolveStages(file, new Map(Object.entries(params.buildArgs)));
    const stages = neededStages(all, params.target);
    const inputs: StepInputs = new Map(Object.entries(params.inputs));
    const images = neededImages(file.syntax, stages, all, params.contexts);
    const [builds, engine] = await Promise.all([
      this.#knownBuilds(params),
      engineState({
        images: images.map(({ image }) => image),
        namespace: params.buildArgs.BUILDKIT_CACHE_MOUNT_NS ?? '',
        platform: params.platform,
        pull: params.pull,
        offline: params.offline,
        signal,
      }),
    ]);
    const { noCache, noCacheFilter } = params;
    const question = { images, stages, inputs, noCache, noCacheStages: noCacheFilter };
    const forecasts = [...predict(question, builds, engine), ...otherPlatforms(params.otherPlatforms)];
    const current = link();
    const document = estimateDocument(forecasts, {
      ...current,
      limitBytes: params.limitBytes ?? current.limitBytes,
    });
    await store.saveEstimate({
      madeAt: now(),
      context: params.context ?? '',
      dockerfile: params.path ?? '',
      fetchBytes: document.fetchBytes ?? undefined,
      lowBytes: document.lowBytes ?? undefined,
      highBytes: document.highBytes ?? undefined,
      inputs: keptInputs(
        stages.flatMap((stage) => stage.steps),
        inputs,
      ),
    });
    return document;
  }

  async #environments(ref: string): Promise<Environments> {
    const known = this.#read.get(ref);
    if (known !== undefined) return known;
    const found = await this.#options.environments(ref);
    if (this.#read.size >= KEPT_ENVIRONMENTS) this.#read.clear();
    // None: it may not be written yet.
    if (found.size > 0) this.#read.set(ref, found);
    return found;
  }

  /** Newest first, with what was noted of them before they ran. */
  async #knownBuilds({ path, context }: EstimateParams): Promise<KnownBuild[]> {
    const { store, now, engine, usageOf } = this.#options;
    const stored = await store.builds({ limit: MOST_BUILDS });
    const builds = stored.filter((build) => build.engine === engine);
    const oldest = builds.at(-1)?.startedAt ?? now();
    const [usage, estimates] = await Promise.all([usageOf(builds), store.estimates(oldest - HOUR, now())]);
    const tied = tieEstimates(estimates, builds);
    const near = builds.filter((build) => isOf(build, path, context)).slice(0, MOST_ENVIRONMENTS);
    return await Promise.all(
      builds.map(async (build) => {
        const kept = tied.get(build.ref)?.inputs;
        const variables = near.includes(build) ? await this.#environments(build.ref) : undefined;
        return {
          build,
          inputs: kept && new Map(Object.entries(kept)),
          bytesOf: (step) => {
            const { wan } = stepDocument(build, step, usage);
            return wan.rxBytes === null ? undefined : wan.rxBytes + wan.txBytes;
          },
          coldOf: (step) => usage.ledgers?.get(build.ref)?.get(step.digest)?.cold,
          environmentOf: (step) => variables?.get(step.digest),
        };
      }),
    );
  }
}

/** A build of which nobody knows where it lay may be one of the same file. */
function isOf(build: Build, path: string | undefined, context: string | undefined): boolean {
  const its = dockerfilePath(build);
  if (its !== undefined && path !== undefined) return its === path;
  return build.context === undefined || build.context === context;
}
