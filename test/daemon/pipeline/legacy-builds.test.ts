// Builds of an engine without a history: what clients tell of, and what else ran, each once.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LegacyBuildListener } from '../../../daemon/pipeline/legacy-builds.js';
import { isToldRef, ToldBuilds } from '../../../daemon/pipeline/told-builds.js';
import type { Run } from '../../../daemon/run-cgroup/run-cgroups.js';
import { ExecutionJoin } from '../../../src/builds/join.js';
import type { Build } from '../../../src/builds/types.js';
import { NetmeterError } from '../../../src/errors.js';
import { LivePlain } from '../../../src/records/progress/live-plain.js';
import { execution, T0 } from '../../src/builds/join-scene.js';

const ALICE = { pid: 10, uid: 1000, gid: 1000 };
const MALLORY = { pid: 11, uid: 1001, gid: 1001 };
const LOG = ['#4 [1/3] FROM x', '#4 CACHED', '#5 [2/3] RUN one', '#5 DONE 1.0s', '#6 [3/3] RUN two'];

/** A build as a client tells of it, each line 1 s after the one before; the first comes with T0. */
function printed(lines: number, end: 'running' | 'succeeded' = 'running'): Build {
  const live = new LivePlain();
  for (const [i, line] of LOG.slice(0, lines).entries()) live.add(Buffer.from(`${line}\n`), T0 + i * 1000);
  return live.build('whatever', end, T0)!;
}

/** Everything between the executor, the clients and what is known of builds, with a clock that is set. */
function scene(isLegacy = true, stored: Build[] = []) {
  const join = new ExecutionJoin();
  const builds = new Map<string, Build>();
  const clock = { now: T0 };
  const underWay = new Set(['r1']);
  const tell = async (build: Build) => {
    builds.set(build.ref, build);
    join.build(build);
  };
  const told = new ToldBuilds({
    engine: 'lab',
    store: { builds: async () => stored },
    isLegacy: () => isLegacy,
    own: (id, { uid }) => {
      if (underWay.has(id) && uid === ALICE.uid) return { id } as Run;
      throw new NetmeterError('not-found', 'no such run');
    },
    isUnderWay: (id) => underWay.has(id),
    now: () => clock.now,
    tell,
    onQuiet: () => void listener.release(),
  });
  const listener = new LegacyBuildListener({
    isLegacy: () => isLegacy,
    isToldOf: () => told.isActive,
    isStep: (id) => isToldRef(join.match(id)?.ref ?? ''),
    tell,
  });
  return {
    told,
    listener,
    clock,
    underWay,
    builds,
    /** The executor runs something, of which the tracker hears first. */
    runs(id: string, command: string, from: number, to?: number): void {
      const ran = execution(id, command, { ran: to === undefined ? [from] : [from, to] });
      join.execution(ran);
      listener.seen(ran);
    },
    at(ms: number): void {
      clock.now = T0 + ms;
      join.update(clock.now);
      told.look();
    },
    refs: () => [...builds.keys()].sort(),
  };
}

const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'ok',
    (error: NetmeterError) => error.code,
  );

test('what the executor runs is a step of the build that a client tells of, and of no other', async () => {
  const { told, builds, runs, at, refs } = scene();
  try {
    await told.progress({ runId: 'r1' }, ALICE);
    // Later than they began, by as much as a client is late.
    runs('one', 'one', 1600, 2950);
    await told.progress({ runId: 'r1', build: printed(4) }, ALICE);
    runs('two', 'two', 3500);
    await told.progress({ runId: 'r1', build: printed(5) }, ALICE);
    runs('else', 'other', 3800, 3900);
    at(4000);
    assert.equal(refs(), ['run-r1']);
    const build = builds.get('run-r1')!;
    assert.equal([build.engine, build.imported], ['lab', undefined]);
    assert.equal(
      build.steps.map(({ digest, unmetered }) => [digest, unmetered]),
      [4, 5, 6].map((number) => [`run-r1/step:${number}`, undefined]),
    );
    runs('two', 'two', 3500, 4100);
    await told.progress({ runId: 'r1', build: printed(5, 'succeeded') }, ALICE);
    told.ended('r1');
    at(5000);
    assert.equal(refs(), ['run-r1'], 'it is not decided yet');
    at(60_000);
    assert.equal(refs(), ['exec-else', 'run-r1']);
    // What is told of later is as it was before.
    runs('later', 'later', 61_000);
    assert.equal(refs(), ['exec-else', 'exec-later', 'run-r1']);
  } finally {
    told.stop();
  }
});

test('what had begun before is told on, and all when the daemon stops', async () => {
  const { told, listener, builds, runs, refs } = scene();
  runs('early', 'early', 0);
  assert.equal(refs(), ['exec-early']);
  await told.progress({ runId: 'r1' }, ALICE);
  runs('early', 'early', 0, 500);
  assert.is(builds.get('exec-early')!.status, 'completed');
  runs('held', 'held', 8000, 9000);
  assert.equal(refs(), ['exec-early']);
  told.stop();
  await listener.release();
  assert.equal(refs(), ['exec-early', 'exec-held']);
});

test('without clients that tell, everything is told at once; engines with a history are left alone', () => {
  const without = scene();
  without.runs('x', 'x', 0);
  assert.equal(without.refs(), ['exec-x']);
  const history = scene(false);
  history.runs('x', 'x', 0);
  assert.equal(history.refs(), []);
});

test("nobody tells of another's run, of one that is over, or where nobody asked", async () => {
  const { told, refs } = scene();
  assert.is(await codeOf(told.progress({ runId: 'r1', build: printed(4) }, MALLORY)), 'not-found');
  assert.is(await codeOf(told.progress({ runId: 'r2', build: printed(4) }, ALICE)), 'not-found');
  assert.is(told.isActive, false);
  assert.equal(refs(), []);
  const modern = scene(false);
  assert.is(modern.told.isWanted, false);
  assert.is(await codeOf(modern.told.progress({ runId: 'r1', build: printed(4) }, ALICE)), 'usage');
  assert.equal(modern.refs(), []);
});

test('a client that is gone leaves a build that ended, also to the next daemon', async () => {
  const { told, builds, underWay, at } = scene();
  await told.progress({ runId: 'r1', build: printed(5) }, ALICE);
  at(6000);
  assert.is(builds.get('run-r1')!.status, 'running');
  const running = builds.get('run-r1')!;
  underWay.delete('r1');
  at(7000);
  assert.equal(
    [builds.get('run-r1')!.status, builds.get('run-r1')!.steps.at(-1)!.status],
    ['canceled', 'canceled'],
  );
  at(60_000);
  const next = scene(true, [running]);
  next.underWay.delete('r1');
  await next.told.start();
  assert.is(next.builds.get('run-r1')!.status, 'canceled');
  const goesOn = scene(true, [running]);
  await goesOn.told.start();
  assert.equal(goesOn.refs(), []);
});

test.run();
