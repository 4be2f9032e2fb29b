import type { Build } from '../builds/types.js';
import { collapse, stepMatcher } from '../dockerfile/match.js';
import type { Dockerfile } from '../dockerfile/types.js';
import { type BuildUsage, stepDocument } from '../report/builds.js';
import type { StepRun } from './types.js';

/** Absolute path of the Dockerfile that a build used, as far as it is known. */
export function dockerfilePath({ context, dockerfile }: Build): string | undefined {
  if (dockerfile?.startsWith('/')) return dockerfile;
  if (!context?.startsWith('/')) return undefined;
  return `${context.replace(/\/+$/, '')}/${dockerfile ?? 'Dockerfile'}`;
}

/**
 * The builds of this file: those that name its path, and those whose every RUN is one of the file's, since
 * clones and temporary contexts lie elsewhere.
 *
 * @param path absolute; undefined when the file came from standard input
 */
export function buildsOf(file: Dockerfile, path: string | undefined, builds: readonly Build[]): Build[] {
  const isRun = runMatcher(file);
  return builds.filter(
    (build) => (path !== undefined && dockerfilePath(build) === path) || isMadeOf(build, isRun),
  );
}

/** The steps that these builds ran. */
export function historyOf(builds: readonly Build[], usage: BuildUsage): StepRun[] {
  return builds.flatMap((build) =>
    build.steps
      .filter((step) => step.status === 'done' && (step.kind === 'run' || step.kind === 'from'))
      .map((step) => {
        const { wan } = stepDocument(build, step, usage);
        return {
          at: step.intervals[0]?.startedAt ?? build.startedAt,
          instruction: step.instruction,
          stage: step.stage,
          bytes: wan.rxBytes === null ? undefined : wan.rxBytes + wan.txBytes,
        };
      }),
  );
}

function isMadeOf(build: Build, isRun: (instruction: string) => boolean): boolean {
  const runs = build.steps.filter((step) => step.kind === 'run');
  return runs.length > 0 && runs.every((step) => isRun(step.instruction));
}

function runMatcher(file: Dockerfile): (instruction: string) => boolean {
  const runs = file.stages.flatMap((stage) => stage.instructions).filter((each) => each.keyword === 'RUN');
  const matchers = runs.map(stepMatcher);
  const known = new Map<string, boolean>();
  return (instruction) => {
    const text = collapse(instruction);
    const found = known.get(text) ?? matchers.some((matches) => matches(text));
    known.set(text, found);
    return found;
  };
}
