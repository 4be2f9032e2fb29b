import { type ResolvedStage, type ResolvedStep, stageNamed } from '../dockerfile/resolve.js';
import { REQUESTS_HIGH } from './image-cost.js';
import type { NeededImage } from './needed.js';
import type { StepForecast } from './types.js';

/**
 * Names of images that BuildKit needs the layers of: those that the result lies on, that steps which run lie on, and
 * that these take from. Of others it asks for the manifest alone.
 */
export function usedImages(
  stages: readonly ResolvedStage[],
  isRun: (step: ResolvedStep) => boolean,
): Set<string> {
  const used = new Set<string>();
  for (const stage of stages) {
    const running = stage.steps.filter(isRun);
    if (running.length > 0 || stage === stages.at(-1)) used.add(rootImage(stage));
    for (const name of running.flatMap((step) => [step.from, ...step.mounts.map(({ from }) => from)])) {
      if (name === undefined) continue;
      const source = stageNamed(name, stages);
      used.add(source === undefined ? name : rootImage(source));
    }
  }
  return used;
}

/** An image that the engine does not have, and that no step needs which runs. */
export function idleImage(
  forecast: StepForecast,
  { names }: NeededImage,
  mayBeUsed: ReadonlySet<string>,
): StepForecast {
  const isDoubted = names.some((name) => mayBeUsed.has(name));
  return {
    ...forecast,
    willRun: false,
    because: `${forecast.because}; but no step that runs needs it`,
    fetchBytes: 0,
    lowBytes: 0,
    highBytes: isDoubted ? forecast.highBytes : REQUESTS_HIGH,
    basis: isDoubted ? 'estimated' : 'derived',
  };
}

function rootImage({ parent, image }: ResolvedStage): string {
  return parent === undefined ? (image ?? '') : rootImage(parent);
}
