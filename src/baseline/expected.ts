import type { EstimateDocument } from '../protocol/documents.js';
import type { Bytes } from '../units.js';

/** What a cold build is going to fetch, as far as earlier builds tell. */
export interface ExpectedCost {
  /** Of the steps that something is known of; undefined when there are none. */
  knownBytes: Bytes | undefined;
  unknownSteps: number;
}

type Step = EstimateDocument['steps'][number];

/** An image that is there stays there, and is not fetched: everything else is fetched as if nothing were. */
export function expectedCost(steps: readonly Step[]): ExpectedCost {
  const costs = steps.map((step) => (step.kind === 'from' ? step.fetchBytes : step.coldBytes));
  const known = costs.filter((bytes) => bytes !== null);
  const unknownSteps = costs.length - known.length;
  const total = known.reduce((sum, bytes) => sum + bytes, 0);
  return { knownBytes: total === 0 && unknownSteps > 0 ? undefined : total, unknownSteps };
}
