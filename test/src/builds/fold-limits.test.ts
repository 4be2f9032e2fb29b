import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildFacts } from '../../../src/builds/facts.js';
import { BuildFold } from '../../../src/builds/fold.js';
import { cutText, MOST_BLOBS, MOST_INPUTS, MOST_STEPS, MOST_TEXT } from '../../../src/builds/limits.js';
import type { StatusUpdate, VertexUpdate } from '../../../src/builds/status.js';

const NOTHING: StatusUpdate = { vertexes: [], progress: [], logs: [] };

function newFold(): BuildFold {
  const record = {
    ref: 'r',
    frontendAttrs: {},
    images: [],
    createdAt: 1e12,
    completedAt: undefined,
    error: undefined,
  };
  return new BuildFold(buildFacts(record, 'test'));
}

function vertex(digest: string, more: Partial<VertexUpdate> = {}): VertexUpdate {
  const rest = {
    inputs: [],
    name: digest,
    cached: false,
    startedAt: undefined,
    completedAt: undefined,
    error: undefined,
  };
  return { digest, ...rest, ...more };
}

test('500 steps are kept, with what they depend on', () => {
  const fold = newFold();
  const vertexes = Array.from({ length: 500 }, (_, i) =>
    vertex(`d${i}`, { name: `[a ${i + 1}/500] RUN x`, inputs: i > 0 ? [`d${i - 1}`] : [] }),
  );
  fold.apply({ ...NOTHING, vertexes });
  const { steps } = fold.build();
  assert.equal(
    steps.map((step) => step.number),
    vertexes.map((_, i) => i + 1),
  );
  assert.equal(steps[499]!.inputs, ['d498']);
});

test('more steps than any build has are counted and left out', () => {
  const fold = newFold();
  const vertexes = Array.from({ length: MOST_STEPS + 7 }, (_, i) => vertex(`d${i}`));
  fold.apply({ ...NOTHING, vertexes });
  assert.is(fold.build().steps.length, MOST_STEPS);
  assert.is(fold.droppedSteps, 7);
});

test('long names, errors and inputs are cut', () => {
  const fold = newFold();
  const name = 'RUN '.repeat(1 << 18);
  fold.apply({ ...NOTHING, vertexes: [vertex('d', { name, error: name, inputs: Array(9_999).fill('x') })] });
  const [step] = fold.build().steps;
  assert.is(step!.name.length, MOST_TEXT);
  assert.is(step!.error!.length, MOST_TEXT);
  assert.is(step!.inputs.length, MOST_INPUTS);
  fold.finish({ at: 2e12, error: { code: 2, message: name } });
  assert.is(fold.build().error!.length, MOST_TEXT);
});

test('a text is not cut in the middle of a character', () => {
  assert.is(cutText('a😀b', 3), 'a…');
  assert.is(cutText('a😀b', 4), 'a😀b');
  assert.is(cutText('abcd', 3), 'ab…');
});

test('blobs of a whole build are limited, over all steps', () => {
  const fold = newFold();
  fold.apply({ ...NOTHING, vertexes: [vertex('a'), vertex('b')] });
  const progress = Array.from({ length: MOST_BLOBS + 100 }, (_, i) => ({
    vertex: i % 2 ? 'a' : 'b',
    id: `sha256:${String(i).padStart(64, '0')}`,
    current: 1,
    total: 2,
    at: 1e12,
    startedAt: 1e12,
    completedAt: undefined,
  }));
  fold.apply({ ...NOTHING, progress });
  fold.apply({ ...NOTHING, progress });
  const blobs = fold.build().steps.flatMap((step) => step.blobs);
  assert.is(blobs.length, MOST_BLOBS);
});

test('output is counted, not kept; what belongs to no vertex does no harm', () => {
  const fold = newFold();
  const piece = (text: string) => ({ vertex: 'nobody', stream: 1, at: 1, text });
  fold.apply({ ...NOTHING, logs: [piece('x'.repeat(3 << 20))] });
  fold.apply({ ...NOTHING, logs: [piece('y'.repeat(5))] });
  fold.apply({
    ...NOTHING,
    vertexes: [vertex('')],
    progress: [{ vertex: 'nobody', id: 'x', current: 1, total: 1, at: 1, startedAt: 1, completedAt: 1 }],
  });
  assert.is(fold.logBytes, (3 << 20) + 5);
  assert.equal(fold.build().steps, []);
});

test('names with escape codes and newlines are kept as they are', () => {
  const fold = newFold();
  const name = '[1/1] RUN echo "\u001b]0;x\u0007\r\n\u202e"';
  fold.apply({ ...NOTHING, vertexes: [vertex('d', { name, inputs: ['x'] })] });
  assert.is(fold.build().steps[0]!.name, name);
  assert.is(fold.build().steps[0]!.kind, 'run');
});

test.run();
