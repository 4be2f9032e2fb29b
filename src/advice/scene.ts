/** A Dockerfile as advice looks at it: each RUN with its script, its managers, its user, and what it moved. */
import { stepMatcher } from '../dockerfile/match.js';
import { type ResolvedStage, type ResolvedStep, resolveStages } from '../dockerfile/resolve.js';
import type { Dockerfile } from '../dockerfile/types.js';
import { type Manager, managers, type Place } from './managers.js';
import type { StepRun } from './types.js';
import { homeOf } from './users.js';

export interface Scene {
  file: Dockerfile;
  stages: ResolvedStage[];
  runs: RunScene[];
  /** Of the period; undefined when nobody metered. */
  history: readonly StepRun[] | undefined;
}

export interface RunScene {
  stage: ResolvedStage;
  step: ResolvedStep;
  script: string;
  managers: Manager[];
  place: Place;
  /** Of this step in the period, oldest first; empty when it did not run. */
  history: StepRun[];
}

/** Scripts are hostile: no more of one is looked at. */
const LONGEST_SCRIPT = 64 * 1024;

export function sceneOf(file: Dockerfile, history: readonly StepRun[] | undefined): Scene {
  const stages = resolveStages(file);
  const runs = stages.flatMap((stage) =>
    stage.steps
      .filter(({ instruction }) => instruction.keyword === 'RUN')
      .map((step) => runScene(stage, step, history ?? [])),
  );
  return { file, stages, runs, history };
}

/** Steps of the stage before this one, those of the stages it builds on included, the nearest last. */
export function stepsBefore(stage: ResolvedStage, step: ResolvedStep): ResolvedStep[] {
  const own = stage.steps.slice(0, stage.steps.indexOf(step));
  return stage.parent === undefined ? own : [...chain(stage.parent), ...own];
}

export function imageBelow(stage: ResolvedStage): string {
  return stage.parent === undefined ? (stage.image ?? '') : imageBelow(stage.parent);
}

function chain(stage: ResolvedStage): ResolvedStep[] {
  return stage.parent === undefined ? stage.steps : [...chain(stage.parent), ...stage.steps];
}

function runScene(stage: ResolvedStage, step: ResolvedStep, history: readonly StepRun[]): RunScene {
  const script = scriptOf(step);
  const matches = stepMatcher(step.instruction);
  return {
    stage,
    step,
    script,
    managers: managers.filter((manager) => manager.command.test(script)),
    place: {
      home: step.variables.get('HOME')?.replace(/\/+$/, '') ?? homeOf(step.user, stepsBefore(stage, step)),
      image: imageBelow(stage),
      variables: step.variables,
    },
    history: history.filter((run) => matches(run.instruction)).toSorted((one, other) => one.at - other.at),
  };
}

function scriptOf({ instruction }: ResolvedStep): string {
  const command = instruction.json?.join(' ') ?? instruction.rest;
  const documents = instruction.documents.map((each) => each.content);
  return [command, ...documents].join('\n').slice(0, LONGEST_SCRIPT);
}
