import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { settleableUntil } from '../../../src/builds/settleable.js';
import { build, pull, step } from './traffic.js';

const running = (from: number) => step('a', { status: 'running', seconds: [[from, undefined]] });

test('without a fetch that goes on, all of it', () => {
  assert.is(settleableUntil([], 1_000, 9_000), 9_000);
  assert.is(settleableUntil([build('b', [pull('a', [2, 3], 5)])], 1_000, 9_000), 9_000);
  const others = [step('r', { kind: 'run', status: 'running', seconds: [[2, undefined]] })];
  assert.is(settleableUntil([build('b', others)], 1_000, 9_000), 9_000);
});

test('not beyond the start of one that goes on', () => {
  assert.is(settleableUntil([build('b', [running(5)]), build('c', [running(4)])], 1_000, 9_000), 4_000);
});

test('never before the beginning', () => {
  assert.is(settleableUntil([build('b', [running(0)])], 1_000, 9_000), 1_000);
});

test('a long one is not waited for', () => {
  assert.is(settleableUntil([build('b', [running(5)])], 1_000, 21_000), 21_000);
});

test('nor a lookup, nor what another build fetches for it', () => {
  const lookup = { ...running(5), kind: 'internal', instruction: 'load metadata for alpine' } as const;
  const shared = { ...running(5), sharedWith: 'b' };
  assert.is(settleableUntil([build('c', [lookup, shared])], 1_000, 9_000), 9_000);
});

test.run();
