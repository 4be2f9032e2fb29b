import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectedCost } from '../../../src/baseline/expected.js';
import type { EstimateDocument } from '../../../src/protocol/documents.js';

type Step = EstimateDocument['steps'][number];

function step(kind: Step['kind'], coldBytes: number | null, fetchBytes: number | null = 0): Step {
  const range = { lowBytes: 0, highBytes: null, basis: 'estimated' } as const;
  return { name: kind, kind, line: 1, willRun: true, because: '', fetchBytes, coldBytes, ...range };
}

test('steps cost what they cost cold, and an image that is there is not fetched', () => {
  const steps = [step('from', null, 0), step('run', 5), step('copy', 0)];
  assert.equal(expectedCost(steps), { knownBytes: 5, unknownSteps: 0 });
  assert.equal(expectedCost([step('from', 70, 70), step('run', 5, 0)]), { knownBytes: 75, unknownSteps: 0 });
});

test('what is known is told, and of how many steps nothing is', () => {
  const steps = [step('from', null, null), step('run', 5), step('run', null), step('copy', 0)];
  assert.equal(expectedCost(steps), { knownBytes: 5, unknownSteps: 2 });
});

test('nothing known is not nothing', () => {
  assert.equal(expectedCost([step('from', null, 0), step('run', null)]), {
    knownBytes: undefined,
    unknownSteps: 1,
  });
  assert.equal(expectedCost([step('copy', 0)]), { knownBytes: 0, unknownSteps: 0 }, 'only local files');
});

test.run();
