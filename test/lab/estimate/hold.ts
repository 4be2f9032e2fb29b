/** Estimates beside what their builds took. */
import * as assert from 'uvu/assert';
import type { EstimateDocument } from '../../../src/protocol/documents.js';
import type { Taken } from './scene.js';

/** Manifests that BuildKit asks for in every build, and ARP. */
const SMALL = 100_000;

/** In the range that was stated; within 5 % where the basis is no estimate. Both are printed. */
export function holdAgainst(name: string, estimate: EstimateDocument, taken: number): void {
  const { fetchBytes, lowBytes, highBytes, basis } = estimate;
  const shown = `${name}: estimated ${fetchBytes} (${lowBytes} to ${highBytes}, ${basis}), taken ${taken}`;
  console.log(shown);
  assert.ok(
    (lowBytes ?? 0) - SMALL <= taken && taken <= (highBytes ?? Number.POSITIVE_INFINITY) + SMALL,
    shown,
  );
  if (basis !== 'measured' && basis !== 'derived') return;
  assert.ok(Math.abs((fetchBytes ?? 0) - taken) <= Math.max(0.05 * taken, SMALL), shown);
}

export function step({ estimate }: Taken, text: string): EstimateDocument['steps'][number] {
  const found = estimate.steps.find((each) => each.name.includes(text));
  if (found === undefined) throw new Error(`no step ${text} in ${JSON.stringify(estimate.steps)}`);
  return found;
}

/** Names of the steps that were said to run. */
export function running({ estimate }: Taken): string[] {
  return estimate.steps.filter((each) => each.willRun).map((each) => each.name);
}
