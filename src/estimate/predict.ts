import type { StepKind } from '../builds/types.js';
import { type ResolvedStage, type ResolvedStep, stageNamed } from '../dockerfile/resolve.js';
import { type Candidate, followStep, fromImage, fromScratch } from './chain.js';
import { imageForecast } from './image-cost.js';
import { hasLayer } from './layers.js';
import { type Broken, cachedForecast, runForecast } from './step-forecast.js';
import type { EngineState, KnownBuild, Question, StepForecast } from './types.js';
import { idleImage, usedImages } from './used-images.js';

/** Where a stage stands after one of its instructions. */
interface Progress {
  candidates: Candidate[];
  /** Why everything from here on runs; undefined while nothing ran. */
  broken: Broken | undefined;
}

const LAYERS: Readonly<Record<string, StepKind>> = {
  RUN: 'run',
  COPY: 'copy',
  ADD: 'add',
  WORKDIR: 'internal',
};

/**
 * Goes through the stages as BuildKit will: a step is cached when a build did the same on the same layers, and its
 * layer is still kept.
 * @param builds newest first; those of the engine that will build
 */
export function predict(
  question: Question,
  builds: readonly KnownBuild[],
  engine: EngineState,
): StepForecast[] {
  const forecasts: StepForecast[] = [];
  const fates = new Map<ResolvedStep, Progress>();
  const ends = new Map<ResolvedStage, Progress>();
  for (const stage of question.stages) {
    let progress = start(stage, ends, builds, engine);
    for (const step of stage.steps) {
      const kind = LAYERS[step.instruction.keyword];
      if (kind === undefined) continue;
      progress = follow(step, stage, kind, progress, { question, builds, engine, ends, forecasts });
      fates.set(step, progress);
    }
    ends.set(stage, progress);
  }
  return [...imageForecasts(question, builds, engine, fates), ...forecasts];
}

function imageForecasts(
  { images, stages }: Question,
  builds: readonly KnownBuild[],
  engine: EngineState,
  fates: ReadonlyMap<ResolvedStep, Progress>,
): StepForecast[] {
  const runs = usedImages(stages, (step) => fates.get(step)?.broken !== undefined);
  const mayRun = usedImages(stages, (step) => {
    const fate = fates.get(step);
    return (
      fate !== undefined && (fate.broken !== undefined || !fate.candidates.some((each) => each.isCertain))
    );
  });
  return images.map((each) => {
    const forecast = imageForecast(each, engine.images.get(each.image), builds);
    const isUsed = each.names.length === 0 || each.names.some((name) => runs.has(name));
    return isUsed || !forecast.willRun ? forecast : idleImage(forecast, each, mayRun);
  });
}

function start(
  stage: ResolvedStage,
  ends: ReadonlyMap<ResolvedStage, Progress>,
  builds: readonly KnownBuild[],
  engine: EngineState,
): Progress {
  const above = stage.parent && ends.get(stage.parent);
  if (above !== undefined) return above;
  if (stage.image === 'scratch') return { ...fromScratch(builds), broken: undefined };
  const image = stage.image ?? '';
  const followed = fromImage(image, engine.images.get(image)?.digest, builds);
  const because = followed.because ?? `no build that netmeter saw has started from ${image}`;
  return {
    candidates: followed.candidates,
    broken:
      followed.candidates.length > 0 ? undefined : { because, isCertain: followed.because !== undefined },
  };
}

interface Surroundings {
  question: Question;
  builds: readonly KnownBuild[];
  engine: EngineState;
  ends: ReadonlyMap<ResolvedStage, Progress>;
  forecasts: StepForecast[];
}

function follow(
  step: ResolvedStep,
  stage: ResolvedStage,
  kind: StepKind,
  progress: Progress,
  around: Surroundings,
): Progress {
  const { question, builds, engine, forecasts } = around;
  const followed = followStep(step, progress.candidates, question.inputs);
  const forced =
    question.noCache || question.noCacheStages.includes(stage.stage.name ?? String(stage.stage.index));
  const source = brokenSource(step, around);
  const broken =
    (forced ? { because: 'it is told not to use the cache', isCertain: true } : undefined) ??
    progress.broken ??
    (followed.candidates.length === 0 ? missReason(step, followed) : undefined) ??
    (hasLayer(
      step,
      engine.layers,
      followed.candidates.map(({ at }) => at),
    )
      ? undefined
      : { because: 'its layer is no longer in the build cache', isCertain: true }) ??
    source;
  if (kind !== 'internal') {
    forecasts.push(
      broken === undefined
        ? cachedForecast(step, kind, followed.candidates, builds)
        : runForecast(step, kind, broken, followed.candidates, { ...around, stage, forced }),
    );
  }
  // What runs makes other layers than before only if its own inputs are others: then the next one has no candidates.
  return {
    candidates: followed.candidates,
    broken: broken && { ...broken, because: aboveReason(step, broken.because) },
  };
}

function missReason(step: ResolvedStep, followed: { because: string | undefined; isCertain: boolean }) {
  const { keyword } = step.instruction;
  const because = followed.because ?? `no build that netmeter saw did this ${keyword} on these layers`;
  return { because, isCertain: followed.because === undefined || followed.isCertain };
}

function aboveReason({ instruction }: ResolvedStep, because: string): string {
  return because.startsWith('line ') || because.startsWith('it is told')
    ? because
    : `line ${instruction.line} above it runs: ${because}`;
}

/** COPY --from and mounts of another stage: when that runs, what it gives may be something else. */
function brokenSource(step: ResolvedStep, { question, ends }: Surroundings): Progress['broken'] {
  const names = [step.from, ...step.mounts.map(({ from }) => from)].filter((name) => name !== undefined);
  for (const name of names) {
    const stage = stageNamed(name, [...question.stages]);
    const broken = stage && ends.get(stage)?.broken;
    if (broken !== undefined) {
      return { because: `the stage ${name}, which it takes from, runs again`, isCertain: false };
    }
  }
  return undefined;
}
