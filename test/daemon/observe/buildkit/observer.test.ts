import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BuildHistoryEventSchema,
  BuildHistoryEventType,
} from '../../../../daemon/observe/buildkit/generated/control_pb.js';
import {
  BuildkitObserver,
  type BuildkitObserverOptions,
} from '../../../../daemon/observe/buildkit/observer.js';
import type { Build } from '../../../../src/builds/types.js';
import { until } from '../docker/until.js';
import { FakeBuildkit, type HistoryMessage, type StatusMessage } from './fake-buildkit.js';

interface Context {
  engine: FakeBuildkit;
  observer: BuildkitObserver;
  told: Build[];
  log: string[];
}

const test = suite<Context>('buildkit observer');
const T0 = 1_750_000_000_000;

test.before.each(async (context) => {
  context.engine = await new FakeBuildkit().listen();
  observe(context);
});

test.after.each(async ({ engine, observer }) => {
  await observer.stop();
  await engine.close();
});

function observe(context: Context, options: Partial<BuildkitObserverOptions> = {}): void {
  context.told = [];
  context.log = [];
  context.observer = new BuildkitObserver({
    address: context.engine.address,
    engineName: 'fake',
    procRoot: '/proc',
    now: Date.now,
    log: (message) => context.log.push(message),
    isKnown: () => false,
    unfinished: () => [],
    ...options,
  });
  context.observer.onBuild((build) => context.told.push(build));
}

const start = ({ observer }: Context): Promise<void> => observer.start(new AbortController().signal);
const at = (ms: number) => timestampFromMs(T0 + ms);

function started(ref: string, ms = 0): HistoryMessage {
  return { type: BuildHistoryEventType.STARTED, record: { ref, createdAt: at(ms) } };
}

function completed(ref: string, ms = 0, error?: string): HistoryMessage {
  const record = {
    ref,
    createdAt: at(ms),
    completedAt: at(ms + 900),
    ...(error && { error: { code: 2, message: error } }),
  };
  return { type: BuildHistoryEventType.COMPLETE, record };
}

function ran(digest: string, from: number, to?: number): StatusMessage {
  const times = { started: at(from), ...(to !== undefined && { completed: at(to) }) };
  return { vertexes: [{ digest, name: `[1/2] RUN ${digest}`, inputs: ['x'], ...times }] };
}

const last = (told: Build[], ref: string): Build | undefined =>
  told.filter((build) => build.ref === ref).at(-1);
const stepsOf = (build: Build | undefined) => build?.steps.map((step) => [step.digest, step.status]);

test('follows a build from its start to its end', async (context) => {
  const { engine, observer, told } = context;
  await start(context);
  assert.is(observer.state().ok, true);
  engine.events.push(started('a'));
  await until(() => last(told, 'a')?.status === 'running');
  engine.status('a').push(ran('one', 10));
  await until(() => stepsOf(observer.builds()[0])?.[0]?.[1] === 'running');
  engine
    .status('a')
    .push(ran('one', 10, 500))
    .end();
  engine.events.push(completed('a'));
  await until(() => last(told, 'a')?.status === 'completed');
  assert.equal(stepsOf(last(told, 'a')), [['one', 'done']]);
  assert.is(last(told, 'a')!.completedAt, T0 + 900);
  assert.equal(observer.builds(), []);
});

test('tells edges of steps at once', async (context) => {
  const edges: unknown[] = [];
  context.observer.onStepEdge((edge) => edges.push(edge));
  await start(context);
  context.engine.events.push(started('a'));
  context.engine
    .status('a')
    .push(ran('one', 10), ran('one', 10, 500))
    .end();
  await until(() => edges.length === 2);
  assert.equal(edges, [
    { ref: 'a', digest: 'one', edge: 'started', at: T0 + 10 },
    { ref: 'a', digest: 'one', edge: 'completed', at: T0 + 500 },
  ]);
});

test('an end that is told twice is told on once', async (context) => {
  const { engine, told } = context;
  await start(context);
  engine.status('a').end();
  engine.status('b').end();
  engine.events.push(started('a'), completed('a'), completed('a'), started('b'), completed('b'));
  await until(() => last(told, 'b')?.status === 'completed');
  assert.is(told.filter((build) => build.ref === 'a' && build.status === 'completed').length, 1);
});

test('builds of the time when nobody looked are read from the history, oldest first, known ones not', async (context) => {
  const { engine } = context;
  observe(context, { isKnown: async (ref) => ref === 'known' });
  engine.history = [completed('young', 5_000), completed('old'), completed('known')];
  engine
    .status('old')
    .push(ran('one', 10, 500))
    .end();
  engine
    .status('young')
    .push(ran('two', 5_010, 5_500))
    .end();
  await start(context);
  assert.equal(
    context.told.map((build) => [build.ref, build.status, stepsOf(build)]),
    [
      ['old', 'completed', [['one', 'done']]],
      ['young', 'completed', [['two', 'done']]],
    ],
  );
  assert.is(engine.calls.get('status known'), undefined);
});

test('a build that runs already is attached to, from its beginning', async (context) => {
  const { engine, observer } = context;
  engine.history = [started('a')];
  engine.status('a').push(ran('one', 10, 500), ran('two', 600));
  await start(context);
  await until(() => observer.builds()[0]?.steps.length === 2);
  assert.equal(stepsOf(observer.builds()[0]), [
    ['one', 'done'],
    ['two', 'running'],
  ]);
});

test('a connection that breaks is made anew, and its builds go on', async (context) => {
  const { engine, observer, told } = context;
  await start(context);
  engine.events.push(started('a'));
  engine.status('a').push(ran('one', 10, 500), ran('two', 600));
  await until(() => observer.builds()[0]?.steps.length === 2);
  engine.history = [started('a')];
  engine.disconnect();
  await until(() => engine.calls.get('status a') === 2);
  engine
    .status('a')
    .push(ran('two', 600, 800))
    .end();
  engine.events.push(completed('a'));
  await until(() => last(told, 'a')?.status === 'completed');
  assert.equal(stepsOf(last(told, 'a')), [
    ['one', 'done'],
    ['two', 'done'],
  ]);
  assert.ok(
    context.log.some((line) => /went away|closed/.test(line)),
    context.log.join(),
  );
});

test('a build that ended while the connection was broken ends as the history says', async (context) => {
  const { engine, observer, told } = context;
  await start(context);
  engine.events.push(started('a'));
  engine.status('a').push(ran('one', 10));
  await until(() => observer.builds()[0]?.steps.length === 1);
  engine.history = [completed('a', 0, 'exit code: 1')];
  engine
    .status('a')
    .push(ran('one', 10, 300))
    .end();
  engine.disconnect();
  await until(() => last(told, 'a')?.status === 'failed');
  assert.is(last(told, 'a')!.error, 'exit code: 1');
  assert.equal(stepsOf(last(told, 'a')), [['one', 'done']]);
});

test('a build that the engine forgot was lost with it', async (context) => {
  const { engine, observer, told } = context;
  await start(context);
  engine.events.push(started('a'));
  engine.status('a').push(ran('one', 10, 500), ran('two', 600));
  await until(() => observer.builds()[0]?.steps.length === 2);
  const broke = Date.now();
  engine.disconnect();
  await until(() => last(told, 'a')?.status === 'canceled');
  assert.match(last(told, 'a')!.error!, 'lost');
  // It ran for as long as the connection did.
  assert.ok(last(told, 'a')!.completedAt! >= broke);
  assert.is(last(told, 'a')!.steps[1]!.intervals[0]!.completedAt, last(told, 'a')!.completedAt);
  assert.equal(stepsOf(last(told, 'a')), [
    ['one', 'done'],
    ['two', 'canceled'],
  ]);
});

test('so was one that an earlier daemon knew as running, if the history does not list it', async (context) => {
  const { engine, observer } = context;
  engine.events.push(started('gone'));
  engine.history = [started('gone'), started('runs')];
  engine.status('gone').push(ran('one', 10));
  await start(context);
  await until(() => observer.builds().some((build) => build.steps.length === 1));
  const stored = observer.builds().map((build) => ({ ...build }));
  await observer.stop();
  engine.history = [started('runs')];
  observe(context, { unfinished: () => stored });
  await start(context);
  const { told } = context;
  assert.is(last(told, 'gone')?.status, 'canceled');
  assert.equal(stepsOf(last(told, 'gone')), [['one', 'canceled']]);
  assert.is(last(told, 'gone')!.completedAt, T0 + 10);
  await until(() => last(told, 'runs')?.status === 'running');
});

test('a build that starts while the history is read is not lost', async (context) => {
  const { engine, observer } = context;
  engine.history = [completed('slow')];
  const going = start(context);
  await until(() => engine.calls.get('status slow') === 1);
  engine.events.push(started('new'));
  await until(() => observer.builds().some((build) => build.ref === 'new'));
  engine.status('slow').end();
  await going;
  assert.is(last(context.told, 'slow')?.status, 'completed');
  assert.equal(
    observer.builds().map((build) => build.ref),
    ['new'],
  );
});

test('a status that breaks off alone is read again at the end', async (context) => {
  const { engine, told, log } = context;
  engine.instead.status = async function* () {
    yield create(BuildHistoryEventSchema) as never;
    throw new ConnectError('no', Code.Internal);
  };
  await start(context);
  engine.events.push(started('a'));
  await until(() => log.length > 0);
  assert.match(log[0]!, 'broke off');
  delete engine.instead.status;
  engine
    .status('a')
    .push(ran('one', 10, 20))
    .end();
  engine.events.push(completed('a'));
  await until(() => last(told, 'a')?.status === 'completed');
  assert.equal(stepsOf(last(told, 'a')), [['one', 'done']]);
});

test('a build whose log is gone is told without steps', async (context) => {
  const { engine, told } = context;
  engine.instead.status = async function* () {
    yield* [];
    throw new ConnectError('no such build', Code.NotFound);
  };
  engine.history = [completed('a')];
  await start(context);
  assert.is(last(told, 'a')?.status, 'completed');
  assert.equal(stepsOf(last(told, 'a')), []);
});

test('an engine without a history says why, and is not asked again', async (context) => {
  const { engine, observer } = context;
  engine.instead.listenBuildHistory = async function* () {
    yield* [];
    throw new ConnectError('unknown method ListenBuildHistory', Code.Unimplemented);
  };
  await start(context);
  assert.is(observer.errorCode(), 'engine-unsupported');
  assert.is(observer.state().ok, false);
  assert.match(observer.state().because!, 'keeps no history');
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.is(engine.calls.get('/grpc'), 1);
});

test('where the context lies is told from the first word on', async (context) => {
  observe(context, {
    localState: async () => ({ localPath: '/home/me/shop', dockerfilePath: undefined }),
  });
  await start(context);
  context.engine.events.push(started('a'));
  await until(() => context.told.length > 0);
  assert.is(context.told[0]!.context, '/home/me/shop');
  assert.is(context.told[0]!.project, 'shop');
});

test('a listener that throws keeps nobody from hearing', async (context) => {
  context.observer.onBuild(() => {
    throw new Error('mine');
  });
  const heard: string[] = [];
  context.observer.onBuild((build) => heard.push(build.ref));
  await start(context);
  context.engine.events.push(started('a'));
  await until(() => heard.length > 0);
  assert.match(context.log.join(), 'mine');
});

test('a stream of many changes is told once a second at most', async (context) => {
  const { engine, told } = context;
  await start(context);
  engine.events.push(started('a'));
  const began = Date.now();
  for (let i = 0; i < 200; i++) {
    engine.status('a').push(ran(`s${i}`, i, i + 5));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  engine.status('a').end();
  engine.events.push(completed('a'));
  await until(() => last(told, 'a')?.status === 'completed');
  const seconds = (Date.now() - began) / 1000;
  assert.is(last(told, 'a')!.steps.length, 200);
  assert.ok(told.length <= seconds + 3, `${told.length} in ${seconds} s`);
});

test.run();
