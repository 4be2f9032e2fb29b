/** What a record says of a build, in the form it is stored in: small, and marked as seen by somebody else. */
import { cutText } from '../builds/limits.js';
import type { Build, BuildImport, Step } from '../builds/types.js';

const LONGEST_NAME = 1_024;

/**
 * Bytes on the wire were not counted by anybody: steps are unmetered, and what BuildKit reported of their blobs stays.
 * Inputs, which only joining needs, and all but the first and last value of a blob's progress are left out.
 */
export function asRecorded(build: Build, imported: BuildImport, longestName = LONGEST_NAME): Build {
  const { ref, engine, name, project, context, dockerfile, target, platforms, status, error } = build;
  const { startedAt, completedAt } = build;
  const facts = { ref, engine, name, project, context, dockerfile, target, platforms, status, error };
  const steps = build.steps.map((step) => recordedStep(step, longestName));
  return { ...facts, startedAt, completedAt, steps, imported };
}

function recordedStep(step: Step, longestName: number): Step {
  const { digest, number, stage, platform, kind, status, error, intervals } = step;
  return {
    digest,
    inputs: [],
    name: cutText(step.name, longestName),
    number,
    stage,
    instruction: cutText(step.instruction, longestName),
    platform,
    kind,
    status,
    error,
    intervals,
    blobs: step.blobs.map(({ id, total, samples }) => ({
      id,
      total,
      samples: samples.length > 2 ? [samples[0]!, samples.at(-1)!] : samples,
    })),
    executorIds: [],
    attribution: 'inferred',
    sharedWith: undefined,
    cacheMounts: [],
    unmetered: true,
  };
}
