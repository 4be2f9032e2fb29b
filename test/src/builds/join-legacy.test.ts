import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LegacyBuilds, stepOf } from '../../../src/builds/join-legacy.js';
import { execution, T0, volume } from './join-scene.js';

test('a process is a step', () => {
  const mounts = [
    volume('/c', { cacheId: 'ns/a/b', snapshotId: 'r', emptyAtStart: true }),
    volume('/etc/hosts', { snapshotId: undefined }),
  ];
  const step = stepOf(execution('e', 'make $X', { ran: [10, 20], mounts }));
  assert.is(step.name, 'RUN make $X');
  assert.is(step.kind, 'run');
  assert.is(step.status, 'done');
  assert.is(step.attribution, 'exact');
  assert.equal(step.executorIds, ['e']);
  assert.equal(step.intervals, [{ startedAt: T0 + 10, completedAt: T0 + 20 }]);
  assert.equal(
    step.cacheMounts.map(({ id, target, recordId, emptyAtStart }) => [id, target, recordId, emptyAtStart]),
    [['a/b', '/c', 'r', true]],
  );
  assert.is(stepOf(execution('e', 'x', { ran: [10] })).status, 'running');
  assert.is(
    stepOf({ ...execution('e', 'x', { ran: [1] }), args: ['/make', 'a b'] }).name,
    'RUN ["/make","a b"]',
  );
});

test('steps that follow one another are a build, with their order', () => {
  const builds = new LegacyBuilds();
  const first = execution('1', 'a', { ran: [0, 1000] });
  const second = execution('2', 'b', { ran: [1500, 2000], lowerIds: ['layer-1', 'base'] });
  const third = execution('3', 'c', { ran: [2500], lowerIds: ['layer-2', 'layer-1', 'base'] });
  const refs = [first, second, third].map((each) => builds.execution(each).ref);
  assert.is(new Set(refs).size, 1);
  const running = builds.execution(third);
  assert.is(running.status, 'running');
  assert.is(running.completedAt, undefined);
  assert.equal(builds.ended(T0 + 60_000), []);
  const ended = builds.execution({ ...third, goneAt: T0 + 3000 });
  assert.equal(
    ended.steps.map(({ name, inputs }) => [name, inputs]),
    [
      ['RUN a', []],
      ['RUN b', ['exec:1']],
      ['RUN c', ['exec:2']],
    ],
  );
  assert.is(ended.startedAt, T0);
  assert.is(ended.completedAt, T0 + 3000);
  assert.is(ended.status, 'completed');
  assert.equal(builds.ended(T0 + 4000), []);
  assert.equal(
    builds.ended(T0 + 9000).map(({ ref }) => ref),
    [ended.ref],
  );
});

test('a pause ends a build, another engine has its own', () => {
  const builds = new LegacyBuilds();
  const one = builds.execution(execution('1', 'a', { ran: [0, 1000] }));
  const late = builds.execution(execution('2', 'b', { ran: [30_000, 31_000], lowerIds: ['layer-1'] }));
  const other = builds.execution(execution('3', 'c', { ran: [30_500, 31_000], engine: 'other' }));
  assert.is(new Set([one.ref, late.ref, other.ref]).size, 3);
});

test('of two builds at once, a step is of the one that made its layers', () => {
  const builds = new LegacyBuilds();
  const a = builds.execution(execution('a', 'x', { ran: [0, 30_000] }));
  const b = builds.execution(execution('b', 'x', { ran: [60_000, 62_000] }));
  assert.is.not(a.ref, b.ref);
  const second = builds.execution(execution('b2', 'y', { ran: [62_500, 63_000], lowerIds: ['layer-b'] }));
  assert.is(second.ref, b.ref);
});

test.run();
