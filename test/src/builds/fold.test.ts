import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildFacts } from '../../../src/builds/facts.js';
import { BuildFold, type StepEdge } from '../../../src/builds/fold.js';
import type { StatusUpdate } from '../../../src/builds/status.js';
import type { Build, Step } from '../../../src/builds/types.js';
import { foldRecorded, recordedBuilds } from './recorded.js';

const RECORDINGS = ['pulls', 'failed', 'canceled', 'shared', 'names', 'contexts', 'compose'];

const live = (name: string): Build[] => recordedBuilds(name).map((each) => foldRecorded(each, each.updates));
const brief = ({ kind, status, stage, number }: Step) => [kind, status, stage, number];
/** What a history replay cannot know: how blobs grew in between. */
const withoutSamples = (build: Build): Build => ({
  ...build,
  steps: build.steps.map((step) => ({
    ...step,
    blobs: step.blobs
      .map((blob) => ({ ...blob, samples: [{ ...blob.samples.at(-1)!, at: 0 }] }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  })),
});

test('a build with two pulls, ADD of a URL and of a repository', () => {
  const [first] = live('pulls');
  assert.is(first!.status, 'completed');
  assert.is(first!.name, 'netmeter-fixture:pulls');
  const steps = first!.steps.filter((step) => step.number !== undefined).map(brief);
  assert.equal(steps, [
    ['add', 'done', 'app', 2],
    ['from', 'done', 'a', 1],
    ['git', 'cached', 'app', 3],
    ['from', 'done', 'b', 1],
    ['from', 'cached', 'app', 1],
    ['copy', 'done', 'app', 2],
    ['copy', 'done', 'app', 3],
    ['copy', 'done', 'app', 4],
    ['copy', 'done', 'app', 5],
    ['run', 'done', 'app', 6],
  ]);
});

test('blobs have the sizes that the engine reported, manifests no growth', () => {
  // Read from the recording by other means: the last figure of each blob.
  const text = readFileSync(new URL('../../fixtures/buildkit/pulls.jsonl', import.meta.url), 'utf8');
  const sizes = new Map<string, number>();
  for (const [, id, total] of text.matchAll(/"id":"(sha256:[0-9a-f]{64})"[^}]*"total":"(\d+)"/g)) {
    sizes.set(id!, Number(total));
  }
  const blobs = live('pulls')[0]!.steps.flatMap((step) => step.blobs);
  assert.equal(Object.fromEntries(blobs.map((blob) => [blob.id, blob.total])), Object.fromEntries(sizes));
  const grown = blobs.filter((blob) => blob.samples.length > 1);
  assert.equal(
    grown.map((blob) => blob.samples.at(-1)!.current - blob.samples[0]!.current),
    grown.map((blob) => blob.total),
  );
  assert.is(grown.length, 3);
});

test('the same build again: nothing runs, and images that are not needed count as cached', () => {
  const again = live('pulls')[1]!;
  const ran = again.steps.filter((step) => step.number !== undefined && step.status !== 'cached');
  // Both ask their server whether something changed, which costs bytes.
  assert.equal(ran.map(brief), [
    ['add', 'done', 'app', 2],
    ['git', 'done', 'app', 3],
  ]);
});

test('a failed build: one step failed, its neighbour was stopped, the rest never began', () => {
  const [build] = live('failed');
  assert.is(build!.status, 'failed');
  assert.match(build!.error!, 'exit code: 7');
  const outcomes = build!.steps
    .filter((step) => step.kind !== 'internal')
    .map((step) => [step.stage, step.status]);
  assert.equal(outcomes, [
    ['a', 'cached'],
    ['slow', 'canceled'],
    ['bad', 'failed'],
    ['stage-2', 'canceled'],
    ['stage-2', 'canceled'],
    ['stage-2', 'canceled'],
  ]);
});

test('a build that somebody stopped', () => {
  const [build] = live('canceled');
  assert.is(build!.status, 'canceled');
  assert.equal(
    build!.steps.filter((step) => step.kind === 'run').map((step) => step.status),
    ['canceled', 'canceled'],
  );
});

test('odd names: contexts, here-documents, escape codes, several sources', () => {
  const { steps } = live('names')[0]!;
  const byKind = (kind: string) => steps.filter((step) => step.kind === kind);
  assert.is(byKind('add').length, 3);
  assert.equal(
    byKind('from').map((step) => step.status),
    ['cached', 'cached'],
  );
  assert.is(byKind('run').length, 3);
  assert.ok(
    steps.some((step) => step.instruction === 'RUN echo "\u001b[31mmoon\u001b[0m" ; echo [9/9] RUN nothing'),
  );
});

for (const name of RECORDINGS) {
  test(`${name}: the history tells the same as the live stream`, () => {
    for (const recorded of recordedBuilds(name)) {
      assert.equal(
        withoutSamples(foldRecorded(recorded, recorded.replay)),
        withoutSamples(foldRecorded(recorded, recorded.updates)),
      );
    }
  });

  test(`${name}: reading a stream again from its beginning changes nothing`, () => {
    for (const recorded of recordedBuilds(name)) {
      const once = foldRecorded(recorded, recorded.updates);
      const half = recorded.updates.slice(0, recorded.updates.length / 2);
      assert.equal(foldRecorded(recorded, [...half, ...recorded.updates]), once);
      assert.equal(
        withoutSamples(foldRecorded(recorded, [...half, ...recorded.replay])),
        withoutSamples(once),
      );
    }
  });

  test(`${name}: each piece of work begins once and ends once`, () => {
    for (const { started, updates } of recordedBuilds(name)) {
      const fold = new BuildFold(buildFacts(started, 'test'));
      const edges = updates.flatMap((update) => fold.apply(update));
      assert.equal(
        [...updates, ...updates].flatMap((update) => fold.apply(update)),
        [],
      );
      const open = new Set<string>();
      for (const { digest, edge } of edges) {
        assert.is(open.has(digest), edge === 'completed', `${edge} ${digest}`);
        if (edge === 'started') open.add(digest);
        else open.delete(digest);
      }
      assert.is(open.size, 0);
    }
  });
}

test('however a stream is cut into messages, the build is the same', () => {
  const [recorded] = recordedBuilds('pulls');
  const whole = foldRecorded(recorded!, recorded!.updates);
  void fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (sizes) => {
      const rest = [...recorded!.updates];
      const joined = [...sizes, rest.length].map((size) => join(rest.splice(0, size)));
      assert.equal(foldRecorded(recorded!, joined), whole);
    }),
    { numRuns: 20 },
  );
});

test('while it runs, what began is running and the rest is pending', () => {
  const [{ started, updates }] = recordedBuilds('canceled') as [ReturnType<typeof recordedBuilds>[number]];
  const fold = new BuildFold(buildFacts(started, 'test'));
  const edges: StepEdge[] = [];
  for (const update of updates) {
    edges.push(...fold.apply(update));
    const running = fold.build().steps.filter((step) => step.status === 'running');
    for (const step of running) assert.is(step.intervals.at(-1)!.completedAt, undefined);
  }
  const build = fold.build();
  assert.is(build.status, 'running');
  assert.is(build.completedAt, undefined);
  assert.equal(
    build.steps.filter((step) => step.kind === 'run').map((step) => step.status),
    ['canceled', 'pending'],
  );
});

function join(updates: StatusUpdate[]): StatusUpdate {
  return {
    vertexes: updates.flatMap((update) => update.vertexes),
    progress: updates.flatMap((update) => update.progress),
    logs: updates.flatMap((update) => update.logs),
  };
}

test.run();
