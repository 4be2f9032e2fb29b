// What an estimate says in all, from what it says of its steps.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { estimateDocument } from '../../../src/estimate/document.js';
import { otherPlatforms } from '../../../src/estimate/other-platforms.js';
import type { StepForecast } from '../../../src/estimate/types.js';

const LINK = { name: 'wlan0', metered: true, remainingBytes: null, limitBytes: 2_000 };
const STEP: StepForecast = {
  name: 'RUN wget',
  kind: 'run',
  line: 2,
  willRun: true,
  because: '',
  fetchBytes: 1_000,
  lowBytes: 900,
  highBytes: 1_100,
  basis: 'measured',
  coldBytes: 1_000,
};

test('a sum of what is known', () => {
  const { fetchBytes, lowBytes, highBytes, coldBytes, basis, allowed } = estimateDocument([STEP, STEP], LINK);
  assert.equal([fetchBytes, lowBytes, highBytes, coldBytes], [2_000, 1_800, 2_200, 2_000]);
  assert.equal([basis, allowed], ['measured', true]);
});

test('what other platforms fetch is unknown, and so is the sum; its lower bound is not', () => {
  const document = estimateDocument([STEP, ...otherPlatforms(['linux/arm64'])], LINK);
  const { fetchBytes, lowBytes, highBytes, coldBytes, basis } = document;
  assert.equal([fetchBytes, lowBytes, highBytes, coldBytes], [null, 900, null, null]);
  assert.is(basis, 'unknown');
  assert.is(document.steps[1]?.name, '[linux/arm64] all steps');
});

test('the lower bound of an unknown sum closes the gate', () => {
  const dear = { ...STEP, lowBytes: 3_000 };
  assert.is(estimateDocument([dear, ...otherPlatforms(['linux/arm64'])], LINK).allowed, false);
});

test.run();
