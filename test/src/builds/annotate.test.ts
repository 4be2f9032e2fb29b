import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { annotate, type Findings } from '../../../src/builds/annotate.js';
import { cacheMountsOf } from '../../../src/builds/cache-mounts.js';
import type { Execution, ExecutionMatch, Step } from '../../../src/builds/types.js';
import { build, step } from '../report/fixtures.js';

const nothing: Findings = {
  matchesOf: () => [],
  execution: () => undefined,
  sourceAttribution: () => undefined,
  countedSince: 0,
};

function match(executorId: string, attribution: 'exact' | 'inferred' = 'exact'): ExecutionMatch {
  return { executorId, ref: 'ref1', digest: 'sha256:1', attribution };
}

function annotated(given: Step, findings: Partial<Findings> = {}): Step {
  const [first] = annotate(build({ steps: [given] }), { ...nothing, ...findings }).steps;
  if (first === undefined) throw new Error('the step is gone');
  return first;
}

function execution(over: Partial<Execution> = {}): Execution {
  return {
    id: 'e1',
    engine: 'default',
    cgroupPath: '/docker/buildkit/e1',
    args: ['/bin/sh', '-c', 'make'],
    env: [],
    cwd: '/src',
    hostname: undefined,
    mounts: [],
    upperId: undefined,
    lowerIds: [],
    seenAt: 1000,
    goneAt: undefined,
    ...over,
  };
}

test('a step is as sure as the least sure of its processes', () => {
  assert.is(annotated(step(), { matchesOf: () => [match('a'), match('b')] }).attribution, 'exact');
  assert.is(
    annotated(step(), { matchesOf: () => [match('a'), match('b', 'inferred')] }).attribution,
    'inferred',
  );
});

test('an executor that two sources name is counted once', () => {
  const made = step({ executorIds: ['a'] });
  assert.equal(annotated(made, { matchesOf: () => [match('a'), match('b')] }).executorIds, ['a', 'b']);
});

test('a RUN step that ran and whose process nobody saw is unknown, not 0', () => {
  const ran = annotated(step());
  assert.is(ran.unmetered, true);
  assert.is(ran.attribution, 'unattributed');
  const cached = annotated(step({ status: 'cached' }));
  assert.is(cached.unmetered, false);
  assert.is(cached.attribution, 'exact');
});

test('what ran before anything was counted is unknown; copies move no bytes', () => {
  const late = { countedSince: 2000 };
  assert.is(annotated(step({ kind: 'add' }), late).unmetered, true);
  assert.is(annotated(step({ kind: 'copy' }), late).unmetered, false);
  assert.is(annotated(step({ kind: 'add' }), { countedSince: 500 }).unmetered, false);
});

test('a step that was under way when counting began is unknown, though its process was seen', () => {
  const matchesOf = () => [match('a')];
  assert.is(annotated(step(), { matchesOf, countedSince: 2000 }).unmetered, true);
  assert.is(annotated(step(), { matchesOf, countedSince: 500 }).unmetered, false);
});

test('a step that another build ran is shared', () => {
  const shared = annotated(step({ status: 'shared', sharedWith: 'other' }), {
    matchesOf: () => [match('a')],
  });
  assert.is(shared.attribution, 'shared');
  assert.equal(shared.executorIds, []);
  assert.is(shared.unmetered, false);
});

test('cache mounts: what the instruction says, with what was seen', () => {
  const seen = execution({
    mounts: [
      {
        target: '/src/.npm',
        source: '/var/lib/docker/overlay2/rec1/diff',
        type: 'bind',
        readOnly: false,
        snapshotId: 'rec1',
        emptyAtStart: true,
        cacheId: 'ns/npm',
      },
    ],
  });
  const instruction =
    'RUN --mount=type=cache,id=npm,target=.npm,sharing=locked --mount=type=bind,target=/x npm ci';
  assert.equal(cacheMountsOf(instruction, [seen]), [
    {
      id: 'npm',
      target: '.npm',
      recordId: 'rec1',
      sharing: 'locked',
      emptyAtStart: true,
      bytesBefore: undefined,
      bytesAfter: undefined,
    },
  ]);
});

test('a cache mount that nobody looked at in time is unknown, and its id is its target', () => {
  const [mount] = cacheMountsOf('RUN --mount=type=cache,target=/root/.cache pip install x', []);
  assert.is(mount?.id, '/root/.cache');
  assert.is(mount?.emptyAtStart, undefined);
  assert.is(mount?.sharing, 'shared');
});

test('without an instruction that names them, what may be written to is a cache', () => {
  const mount = { source: 's', type: 'bind', emptyAtStart: false, snapshotId: 'r' } as const;
  const seen = execution({
    mounts: [
      { ...mount, target: '/cache', readOnly: false },
      { ...mount, target: '/from-stage', readOnly: true },
      { ...mount, target: '/etc/hosts', readOnly: false, snapshotId: undefined },
    ],
  });
  assert.equal(
    cacheMountsOf('RUN make', [seen]).map(({ target }) => target),
    ['/cache'],
  );
});

test('a cache that starts with files of another stage says so', () => {
  const from = (flags: string) => cacheMountsOf(`RUN --mount=type=cache,target=/c${flags} make`, [])[0]?.from;
  assert.is(from(',from=assets,source=/wheels'), 'assets:/wheels');
  assert.is(from(',from=assets'), 'assets');
  assert.is(from(',source=/wheels'), undefined);
});

test.run();
