import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DockerObserver } from '../../../../daemon/observe/docker/docker-observer.js';
import type { EngineChange, ImagePull } from '../../../../daemon/observe/docker/types.js';
import { FakeEngine, json, recordedJson, recordedText } from './fake-engine.js';
import { until } from './until.js';

interface Context {
  engine: FakeEngine;
  observer: DockerObserver;
  changes: EngineChange[];
  pulls: ImagePull[];
  logged: string[];
}

const test = suite<Context>('docker observer');
const A = 'a0'.repeat(32);
const B = 'b0'.repeat(32);

test.before.each(async (context) => {
  context.engine = await new FakeEngine({ list: json('[]') }).listen();
  context.changes = [];
  context.pulls = [];
  context.logged = [];
  context.observer = new DockerObserver({
    address: context.engine.address,
    procRoot: '/proc',
    now: Date.now,
    log: (message) => context.logged.push(message),
  });
  context.observer.onEngine((change) => context.changes.push(change));
  context.observer.onPull((pull) => context.pulls.push(pull));
});

test.after.each(async ({ engine, observer }) => {
  await observer.stop();
  await engine.close();
});

function start(observer: DockerObserver): Promise<void> {
  return observer.start(new AbortController().signal);
}

let time = 1_800_000_000;

function event(action: string, id: string, name: string): string {
  time += 1;
  const Actor = { ID: id, Attributes: { name, image: 'shop:1' } };
  return JSON.stringify({ Type: 'container', Action: action, Actor, time, timeNano: time * 1e9 });
}

test('what exists is known when the start is over', async ({ engine, observer, changes }) => {
  engine.set('list', json(recordedText('list.json')));
  await start(observer);
  assert.equal([...observer.containers()].map(({ name }) => name).sort(), ['fixture-peer', 'fixture-web']);
  assert.is(observer.state().ok, true);
  const facts = observer.engine()!;
  assert.is(facts.version, recordedJson('info.json').ServerVersion);
  assert.is(facts.rootDir, recordedJson('info.json').DockerRootDir);
  assert.is(facts.apiVersion, '1.51');
  assert.is(facts.buildHistory, true);
  assert.is(facts.containerdVersion, '2.1.9+unknown');
  assert.equal(
    changes.map(({ connected }) => connected),
    [true],
  );
});

test('the listener is registered before the list is asked for', async ({ engine, observer }) => {
  await start(observer);
  const order = engine.asked.map((path) => path.replace(/^\/v1\.51|\?.*/g, ''));
  assert.equal(order.slice(0, 2), ['/_ping', '/events']);
  assert.ok(order.indexOf('/containers/json') > 1);
  // The engine's clock was told by its answer to the ping; one second before it is asked for again.
  const since = Number(/since=(\d+)/.exec(engine.asked[1]!)?.[1]);
  assert.ok(Math.abs(since - (Date.now() / 1000 - 1)) < 30, `since ${since}`);
});

test('events between the listener and the list are not lost', async ({ engine, observer }) => {
  engine.set('list', (response) => {
    engine.emit(event('create', A, 'early'), event('die', A, 'early'), event('destroy', A, 'early'));
    // It was listed before it was destroyed.
    json(JSON.stringify([{ Id: A, Names: ['/early'], State: 'running', Image: 'shop:1' }]))(
      response,
      undefined!,
    );
  });
  await start(observer);
  await until(() => observer.container(A)?.state === 'removed');
  assert.is(observer.container(A)?.name, 'early');
});

test('a started container is inspected, once at a time', async ({ engine, observer }) => {
  await start(observer);
  engine.set('inspect', json(recordedText('inspect.json')));
  engine.emit(event('create', A, 'web'), event('start', A, 'web'));
  await until(() => observer.container(A)?.pid !== undefined);
  assert.is(observer.container(A)?.networkMode, 'fixture-net');
  assert.is(engine.asked.filter((path) => path.includes(A)).length, 1);
});

test('a container that is gone before its inspection is no failure', async ({ engine, observer, logged }) => {
  await start(observer);
  engine.set('inspect', json(recordedText('missing.json'), 404));
  engine.emit(event('create', A, 'gone'), event('start', A, 'gone'));
  await until(() => engine.asked.some((path) => path.includes(A)));
  engine.emit(event('create', B, 'next'));
  await until(() => observer.container(B) !== undefined);
  assert.is(observer.container(A)?.name, 'gone');
  assert.equal(logged, []);
});

test('pulls are told of', async ({ engine, observer, pulls }) => {
  await start(observer);
  engine.emit('{"Type":"image","Action":"pull","Actor":{"ID":"busybox:1"},"time":1900000000}');
  await until(() => pulls.length > 0);
  assert.equal(pulls, [{ image: 'busybox:1', at: 1_900_000_000_000 }]);
});

test('a new configuration is read', async ({ engine, observer, changes }) => {
  await start(observer);
  const info = recordedJson('info.json');
  const RegistryConfig = {
    Mirrors: ['http://mirror/'],
    IndexConfigs: { 'docker.io': { Mirrors: ['http://mirror/'] } },
  };
  engine.set('info', json(JSON.stringify({ ...info, RegistryConfig, HttpProxy: 'http://proxy:3128' })));
  engine.emit('{"Type":"daemon","Action":"reload","Actor":{"ID":"x"},"time":1900000000}');
  await until(() => changes.length > 1);
  assert.equal(observer.engine()?.registryMirrors, ['http://mirror/']);
  assert.is(observer.engine()?.httpProxy, 'http://proxy:3128');
  assert.is((changes[1] as { restarted?: boolean }).restarted, false);
});

test('after a lost connection it asks for what came since, and does not take it twice', async ({
  engine,
  observer,
  changes,
  pulls,
}) => {
  await start(observer);
  const pull = `{"Type":"image","Action":"pull","Actor":{"ID":"a:1"},"time":${time + 1}}`;
  engine.emit(event('create', A, 'before'), pull);
  await until(() => pulls.length === 1);
  engine.set('events', (response) => {
    response.writeHead(200).flushHeaders();
    response.write(`${pull}\n${event('create', B, 'meanwhile')}\n`);
  });
  engine.set('list', json(JSON.stringify([{ Id: A, Names: ['/before'], State: 'created' }])));
  engine.disconnect();
  await until(() => observer.container(B)?.name === 'meanwhile');
  assert.is(pulls.length, 1);
  assert.equal(
    changes.map(({ connected }) => connected),
    [true, false, true],
  );
  assert.ok(engine.asked.findLast((path) => path.includes('/events'))!.includes(`since=${time - 1}`));
});

test('containers that went while nobody listened are removed', async ({ engine, observer }) => {
  await start(observer);
  engine.emit(event('start', A, 'web'));
  await until(() => observer.container(A) !== undefined);
  engine.disconnect();
  await until(() => observer.container(A)?.state === 'removed');
});

test('no engine: says why, and finds it when it comes', async ({ engine, logged }) => {
  const { socketPath, address } = engine;
  await engine.close();
  const late = new FakeEngine({ list: json('[]') });
  const observer = new DockerObserver({
    address: { ...address, socketPath: late.socketPath } as typeof address,
    procRoot: '/proc',
    now: Date.now,
    log: (message) => logged.push(message),
  });
  try {
    await start(observer);
    assert.is(observer.state().ok, false);
    assert.match(observer.state().because!, /no Docker engine at/);
    assert.is(observer.engine(), undefined);
    assert.is(logged.length, 1);
    await late.listen();
    await until(() => observer.state().ok);
    assert.is(observer.engine()?.version, '28.5.2+dfsg4');
  } finally {
    await observer.stop();
    await late.close();
  }
  assert.ok(socketPath !== late.socketPath);
});

for (const [what, line] of [
  ['HTML', '<html>'],
  ['half an event', '{"Type":'],
  ['a list', '[]'],
  ['an endless line', 'x'.repeat(5 << 20)],
] as const) {
  test(`nonsense among the events ends the connection, and it is tried again: ${what}`, async ({
    engine,
    observer,
    changes,
    logged,
  }) => {
    await start(observer);
    engine.emit(line);
    await until(() => changes.length === 3);
    assert.match((changes[1] as { because: string }).because, /an event makes no sense/);
    assert.is(logged.length, 1);
    assert.is(observer.state().ok, true);
  });
}

test('an info that is no engine’s', async ({ engine, observer }) => {
  engine.set('info', json('{"hello":"world"}'));
  await start(observer);
  assert.match(observer.state().because!, /its answer to \/info names no version/);
});

test('a listener that fails is logged, and the others hear', async ({ engine, observer, logged }) => {
  observer.onContainer(() => {
    throw new Error('no room');
  });
  const heard: string[] = [];
  observer.onContainer(({ id }) => heard.push(id));
  await start(observer);
  engine.emit(event('create', A, 'web'));
  await until(() => heard.length > 0);
  assert.equal(logged, ['docker: a listener failed: Error: no room']);
});

test('stopping ends a start that hangs', async ({ engine, observer }) => {
  engine.set('list', () => {});
  const starting = start(observer);
  await until(() => engine.asked.some((path) => path.includes('/containers/json')));
  await observer.stop();
  await starting;
  assert.is(observer.engine(), undefined);
});

test('a signal that was given up already starts nothing', async ({ engine, observer }) => {
  await observer.start(AbortSignal.abort());
  assert.equal(engine.asked, []);
});

test.run();
