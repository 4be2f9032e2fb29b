import type { EpochMs } from '../units.js';
import type { Build, Step, StepInterval } from './types.js';

/**
 * Marks what another build ran. A step that two builds need at once runs once; the second one's stream shows
 * the first one's vertex with its own times, from before the second build existed (seen on Engine 28). The
 * one that ran it is the oldest build that existed when the work began.
 *
 * @param others builds of the same engine that may overlap it; itself among them does no harm
 */
export function markShared(build: Build, others: readonly Build[]): Build {
  const runs = runsByStep(others.filter((other) => other.ref !== build.ref));
  const steps = build.steps.map((step) => markStep(step, build, runs.get(step.digest) ?? []));
  return { ...build, steps };
}

interface Run {
  build: Build;
  step: Step;
}

function runsByStep(builds: readonly Build[]): Map<string, Run[]> {
  const runs = new Map<string, Run[]>();
  for (const build of builds) {
    for (const step of build.steps) {
      const known = runs.get(step.digest);
      if (known) known.push({ build, step });
      else runs.set(step.digest, [{ build, step }]);
    }
  }
  return runs;
}

function markStep(step: Step, build: Build, others: Run[]): Step {
  if (step.status === 'cached' || step.intervals.length === 0) return step;
  const runners = step.intervals.map((interval) => runnerOf(interval, [...others, { build, step }]));
  if (runners.every((runner) => runner?.ref === build.ref)) return step;
  const own = step.intervals.filter((_, i) => runners[i]?.ref === build.ref);
  // Bouts of both kinds: the step is this build's, and so are the bytes of its own ones only.
  if (own.length > 0) return { ...step, intervals: own };
  return {
    ...step,
    status: step.status === 'done' ? 'shared' : step.status,
    sharedWith: runners.find((runner) => runner !== undefined)?.ref,
    attribution: 'exact',
  };
}

/** The build that an interval of a step belongs to; undefined when that one is not known. */
function runnerOf({ startedAt }: StepInterval, runs: Run[]): Build | undefined {
  const existed = runs.filter(({ build, step }) => build.startedAt <= startedAt && beganAt(step, startedAt));
  const oldestFirst = existed.map(({ build }) => build).sort(byAge);
  return oldestFirst[0];
}

function beganAt({ intervals }: Step, at: EpochMs): boolean {
  return intervals.some((interval) => interval.startedAt === at);
}

function byAge(a: Build, b: Build): number {
  return a.startedAt - b.startedAt || (a.ref < b.ref ? -1 : 1);
}
