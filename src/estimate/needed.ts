import { type ResolvedStage, stageNamed } from '../dockerfile/resolve.js';
import { NetmeterError } from '../errors.js';

/**
 * The stages that a target needs, in the file's order: what it builds on, copies from, and mounts.
 * @throws NetmeterError `usage` for a target that is not there
 */
export function neededStages(stages: readonly ResolvedStage[], target: string | undefined): ResolvedStage[] {
  const goal = target === undefined ? stages.at(-1) : stageNamed(target, stages);
  if (goal === undefined) {
    throw new NetmeterError('usage', `there is no stage ${JSON.stringify(target)} in the Dockerfile`, {
      hint: `Stages: ${stages.map(({ stage }) => stage.name ?? String(stage.index)).join(', ')}`,
    });
  }
  const needed = new Set<ResolvedStage>();
  const open = [goal];
  for (let stage = open.pop(); stage !== undefined; stage = open.pop()) {
    if (needed.has(stage)) continue;
    needed.add(stage);
    open.push(...sourceStages(stage, stages));
  }
  return stages.filter((stage) => needed.has(stage));
}

/** Stages before this one that it takes from. */
export function sourceStages(stage: ResolvedStage, stages: readonly ResolvedStage[]): ResolvedStage[] {
  const names = stage.steps.flatMap((step) => [
    ...(step.from === undefined ? [] : [step.from]),
    ...step.mounts.flatMap(({ from }) => from ?? []),
  ]);
  const before = stages.filter((other) => other.stage.index < stage.stage.index);
  const sources = names.flatMap((name) => stageNamed(name, before) ?? []);
  return stage.parent === undefined ? sources : [stage.parent, ...sources];
}

/** Images that the stages start from, copy from or mount, as the Dockerfile has them. */
export function neededImages(needed: readonly ResolvedStage[], all: readonly ResolvedStage[]): string[] {
  const images = needed.flatMap((stage) => {
    const before = all.filter((other) => other.stage.index < stage.stage.index);
    const names = stage.steps.flatMap((step) => [
      ...(step.from === undefined ? [] : [step.from]),
      ...step.mounts.flatMap(({ from }) => from ?? []),
    ]);
    const foreign = names.filter((name) => stageNamed(name, before) === undefined);
    return stage.image === undefined ? foreign : [stage.image, ...foreign];
  });
  return [...new Set(images)].filter((image) => image !== 'scratch' && image !== '');
}
