/** What a record says of a build, in the form it is stored in: small, and marked as seen by somebody else. */
import { cutText } from '../builds/limits.js';
import type { Build, BuildImport, Step } from '../builds/types.js';

const LONGEST_NAME = 1_024;

/**
 * Bytes on the wire were not counted by anybody: steps are unmetered, and what BuildKit reported of their blobs stays.
 * Inputs, which only joining needs, and all but the first and last value of a blob's progress are left out.
 */
export function asRecorded(build: Build, imported: BuildImport): Build {
  return { ...build, imported, steps: build.steps.map(recordedStep) };
}

function recordedStep(step: Step): Step {
  return {
    ...step,
    name: cutText(step.name, LONGEST_NAME),
    instruction: cutText(step.instruction, LONGEST_NAME),
    inputs: [],
    unmetered: true,
    attribution: 'inferred',
    blobs: step.blobs.map((blob) => ({
      ...blob,
      samples: blob.samples.length > 2 ? [blob.samples[0]!, blob.samples.at(-1)!] : blob.samples,
    })),
  };
}
