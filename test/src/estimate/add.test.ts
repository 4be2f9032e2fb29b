// What an ADD from a URL costs cold, from builds that fetched it, that only asked whether it changed, and baselines.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Build, Step, StepStatus } from '../../../src/builds/types.js';
import { readDockerfile } from '../../../src/dockerfile/read.js';
import { resolveStages } from '../../../src/dockerfile/resolve.js';
import { neededImages, neededStages } from '../../../src/estimate/needed.js';
import { predict } from '../../../src/estimate/predict.js';
import type { EngineState, KnownBuild } from '../../../src/estimate/types.js';

const MB = 1_000_000;
const ADD = 'ADD http://198.51.100.200/file /file';

function step(digest: string, instruction: string, facts: Partial<Step>): Step {
  return {
    digest,
    inputs: [],
    name: instruction,
    number: 1,
    stage: undefined,
    instruction,
    platform: undefined,
    kind: 'copy',
    status: 'done',
    error: undefined,
    intervals: [{ startedAt: 1000, completedAt: 1100 }],
    blobs: [],
    executorIds: [],
    attribution: 'inferred',
    sharedWith: undefined,
    cacheMounts: [],
    ...facts,
  };
}

/** A build of FROM and ADD: a vertex fetches the file, another of the same name puts it into the image. */
function built(ref: string, bytes: number, copied: StepStatus, instruction = ADD): KnownBuild {
  const steps = [
    step('from', 'FROM docker.io/library/base:1', { kind: 'from', status: 'cached', intervals: [] }),
    step('source', instruction, { kind: 'add' }),
    step('copy', instruction, { kind: 'copy', status: copied, inputs: ['from', 'source'] }),
  ];
  const build = { ref, startedAt: 1000, status: 'completed', steps } as unknown as Build;
  const nothing = { lowBytes: 0, highBytes: 0, basis: 'measured', at: 1, durationMs: 1 } as const;
  return {
    build,
    inputs: undefined,
    bytesOf: ({ digest }) => (digest === 'source' ? bytes : 0),
    // As the ledger has it: what only copies costs nothing.
    coldOf: ({ digest }) => (digest === 'source' ? undefined : { bytes: 0, ...nothing }),
  };
}

function coldOf(builds: KnownBuild[]): number | undefined {
  const file = readDockerfile(`FROM base:1\n${ADD}\n`, 'Dockerfile');
  const stages = neededStages(resolveStages(file), undefined);
  const images = neededImages(file.syntax, stages, resolveStages(file));
  const engine: EngineState = { layers: undefined, caches: [], images: new Map() };
  const question = { images, stages, inputs: new Map(), noCache: false, noCacheStages: [] };
  const forecast = predict(question, builds, engine).find(({ name }) => name === ADD);
  assert.is(forecast?.kind, 'add');
  return forecast?.coldBytes;
}

const FETCHED = built('fetched', 2 * MB, 'done');
const ASKED = built('asked', 500, 'cached');
/** What came was the same as before, so that putting it into the image was cached. */
const BASELINE = built(
  'baseline',
  2.1 * MB,
  'cached',
  ADD.replace('/file ', '/file#netmeter-0123456789abcdef '),
);

test('what it took when it was fetched, not when it was only asked whether it changed', () => {
  assert.is(coldOf([FETCHED]), 2 * MB);
  assert.is(coldOf([ASKED, FETCHED]), 2 * MB);
});

test('nobody saw it being fetched: unknown, not nothing', () => {
  assert.is(coldOf([ASKED]), undefined);
  assert.is(coldOf([]), undefined);
});

test('a baseline fetched it, under a URL that has a mark', () => {
  assert.is(coldOf([ASKED, BASELINE]), 2.1 * MB);
});

test.run();
