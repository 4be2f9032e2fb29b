import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { markShared } from '../../../src/builds/shared.js';
import type { Build, Step } from '../../../src/builds/types.js';
import { foldRecorded, recordedBuilds } from './recorded.js';

const recorded = (name: string) => recordedBuilds(name).map((each) => foldRecorded(each, each.updates));
const sleep = (build: Build): Step => build.steps.find((step) => step.instruction.startsWith('RUN sleep'))!;

test('a step that both needed is the first build’s, and shared in the second', () => {
  const [first, second] = recorded('shared') as [Build, Build];
  const marked = [markShared(first, [second]), markShared(second, [first])] as const;
  assert.is(sleep(marked[0]).status, 'done');
  assert.is(sleep(marked[0]).sharedWith, undefined);
  assert.is(sleep(marked[1]).status, 'shared');
  assert.is(sleep(marked[1]).sharedWith, first.ref);
});

test('everything else stays as it was', () => {
  const [first, second] = recorded('shared') as [Build, Build];
  assert.equal(markShared(first, [first, second]), first);
  const marked = markShared(second, [first]);
  assert.equal(
    marked.steps.filter((step) => step.status !== 'shared'),
    second.steps.filter((step) => !step.instruction.startsWith('RUN sleep')),
  );
});

test('without knowing the other build, a step from before this one is shared with nobody known', () => {
  const [, second] = recorded('shared') as [Build, Build];
  const step = sleep(markShared(second, []));
  assert.is(step.status, 'shared');
  assert.is(step.sharedWith, undefined);
});

test('a cached step is not shared, though both builds show it', () => {
  const [, second] = recorded('shared') as [Build, Build];
  const from = markShared(second, []).steps.find((step) => step.kind === 'from')!;
  assert.ok(from.intervals[0]!.startedAt < second.startedAt);
  assert.is(from.status, 'cached');
});

test('builds that share nothing are not touched', () => {
  const [a, b] = [recorded('pulls')[0]!, recorded('contexts')[0]!];
  assert.equal(markShared(a, [b]), a);
  assert.equal(markShared(b, [a]), b);
});

test('two services built at once from one folder share the look at it and at the image', () => {
  const builds = recorded('compose');
  const marked = builds.map((build) => markShared(build, builds));
  const shared = marked.flatMap(({ steps }) => steps.filter((step) => step.status === 'shared'));
  assert.ok(shared.length > 0);
  assert.equal([...new Set(shared.map((step) => step.kind))], ['internal']);
  assert.equal([...new Set(shared.map((step) => step.sharedWith))].length, 1);
});

test('a shared step that fails or runs says so, and whose it is', () => {
  const [first, second] = recorded('shared') as [Build, Build];
  for (const status of ['failed', 'running', 'canceled'] as const) {
    const steps = second.steps.map((step) => (step === sleep(second) ? { ...step, status } : step));
    const step = sleep(markShared({ ...second, steps }, [first]));
    assert.is(step.status, status);
    assert.is(step.sharedWith, first.ref);
  }
});

test('when both builds existed, the older one ran it; of two of one age, always the same', () => {
  const [first, second] = recorded('shared') as [Build, Build];
  const early = { ...second, startedAt: first.startedAt };
  const owners = [
    [first, early],
    [early, first],
  ].map((order) =>
    order.map((build) => markShared(build!, order)).filter((build) => sleep(build).status === 'done'),
  );
  assert.is(owners[0]!.length, 1);
  assert.is(owners[0]![0]!.ref, owners[1]![0]!.ref);
});

test('of a step with work of both builds, only its own is left', () => {
  const [first, second] = recorded('shared') as [Build, Build];
  const own = { startedAt: second.startedAt + 9_000, completedAt: second.startedAt + 9_500 };
  const steps = second.steps.map((step) =>
    step === sleep(second) ? { ...step, intervals: [...step.intervals, own] } : step,
  );
  const step = sleep(markShared({ ...second, steps }, [first]));
  assert.is(step.status, 'done');
  assert.equal(step.intervals, [own]);
});

test.run();
