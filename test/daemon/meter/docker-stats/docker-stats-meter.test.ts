import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DockerStatsMeter } from '../../../../daemon/meter/docker-stats/docker-stats-meter.js';
import { trafficOfStats } from '../../../../daemon/meter/docker-stats/stats-answer.js';
import type { ContainerFacts } from '../../../../daemon/observe/docker/types.js';
import { FakeEngine, json, recordedJson, recordedText } from '../../observe/docker/fake-engine.js';
import { until } from '../../observe/docker/until.js';
import { container } from '../../observe/owners/container-facts.js';

interface Context {
  engine: FakeEngine;
  meter: DockerStatsMeter;
  containers: ContainerFacts[];
}

const test = suite<Context>('docker stats meter');
const id = (n: number): string => n.toString(16).padStart(64, '0');

test.before.each(async (context) => {
  context.engine = await new FakeEngine().listen();
  context.containers = [1, 2, 3].map((n) => container(id(n), { pid: n, networkMode: 'bridge' }));
  context.meter = new DockerStatsMeter({
    address: context.engine.address,
    containers: () => context.containers,
    now: () => 42,
  });
});

test.after.each(async ({ engine, meter }) => {
  meter.stop();
  await engine.close();
});

function askedAbout(engine: FakeEngine): string[] {
  return engine.asked.flatMap((path) => /containers\/([0-9a-f]{64})/.exec(path)?.[1] ?? []).sort();
}

for (const engine of ['28.5', '20.10']) {
  test(`an answer of engine ${engine}: all interfaces together`, () => {
    const answer = recordedJson('stats.json', engine);
    const networks = Object.values(answer.networks as Record<string, Record<string, number>>);
    assert.is(networks.length, 2);
    const sum = (name: string): number => networks[0]![name]! + networks[1]![name]!;
    assert.equal(trafficOfStats(answer), {
      rxBytes: sum('rx_bytes'),
      txBytes: sum('tx_bytes'),
      rxPackets: sum('rx_packets'),
      txPackets: sum('tx_packets'),
    });
  });
}

for (const [what, answer] of [
  ['no interfaces', { networks: {} }],
  ['no figures at all', { read: '0001-01-01T00:00:00Z' }],
  ['a negative figure', { networks: { eth0: { rx_bytes: -1, tx_bytes: 0, rx_packets: 0, tx_packets: 0 } } }],
  ['a missing figure', { networks: { eth0: { rx_bytes: 1, tx_bytes: 0, rx_packets: 0 } } }],
  [
    'more than can be counted',
    { networks: { eth0: { rx_bytes: 2 ** 60, tx_bytes: 0, rx_packets: 0, tx_packets: 0 } } },
  ],
  ['nothing', null],
] as const) {
  test(`unknown, not 0: ${what}`, () => assert.is(trafficOfStats(answer), undefined));
}

test('every running container with interfaces of its own is asked about', async ({
  engine,
  meter,
  containers,
}) => {
  containers.push(
    container(id(4), { networkMode: 'host' }),
    container(id(5), { networkMode: 'none' }),
    container(id(6), { networkMode: `container:${id(1)}` }),
    container(id(7), { networkMode: undefined }),
    container(id(8), { networkMode: 'bridge', state: 'exited' }),
    container(id(9), { networkMode: 'shop_default', pid: 9 }),
  );
  const counters = await meter.sample();
  assert.equal(askedAbout(engine), [1, 2, 3, 9].map(id));
  assert.equal(
    counters.map(({ containerId, pid }) => [containerId, pid]).sort(),
    [1, 2, 3, 9].map((n) => [id(n), n]),
  );
  const { rxBytes, at } = counters[0]!;
  assert.is(rxBytes, trafficOfStats(recordedJson('stats.json'))?.rxBytes);
  assert.is(at, 42);
  assert.is(meter.state().ok, true);
});

test('no more than four at once, and each once', async ({ engine, meter, containers }) => {
  for (let n = 4; n <= 40; n++) containers.push(container(id(n), { networkMode: 'bridge' }));
  let open = 0;
  let most = 0;
  engine.set('stats', (response, request) => {
    open += 1;
    most = Math.max(most, open);
    setTimeout(() => {
      open -= 1;
      json(recordedText('stats.json'))(response, request);
    }, 2);
  });
  assert.is((await meter.sample()).length, 40);
  assert.is(most, 4);
  assert.equal(
    askedAbout(engine),
    Array.from({ length: 40 }, (_, index) => id(index + 1)),
  );
});

test('the version is agreed on once', async ({ engine, meter }) => {
  await meter.sample();
  await meter.sample();
  assert.is(engine.asked.filter((path) => path === '/_ping').length, 1);
});

test('a container that ended meanwhile is left out', async ({ engine, meter }) => {
  engine.set('stats', (response, request) => {
    const gone = request.url!.includes(id(2));
    json(gone ? '{"message":"No such container"}' : recordedText('stats.json'), gone ? 404 : 200)(
      response,
      request,
    );
  });
  assert.equal((await meter.sample()).map(({ containerId }) => containerId).sort(), [id(1), id(3)]);
  assert.is(meter.state().ok, true);
});

test('one that fails does not keep the others from being counted, and is told of', async ({
  engine,
  meter,
}) => {
  engine.set('stats', (response, request) => {
    const bad = request.url!.includes(id(2));
    json(bad ? '{"message":"cgroup is broken"}' : recordedText('stats.json'), bad ? 500 : 200)(
      response,
      request,
    );
  });
  assert.is((await meter.sample()).length, 2);
  assert.is(meter.state().ok, false);
  assert.match(meter.state().because!, /cgroup is broken/);
});

test('an engine that answers nothing that makes sense', async ({ engine, meter }) => {
  engine.set('stats', json('<html>'));
  const error = await meter.sample().catch((reason: unknown) => reason);
  assert.is((error as { code?: string }).code, 'engine-nonsense');
  assert.is(meter.state().ok, false);
  engine.set('stats', json(recordedText('stats.json')));
  assert.is((await meter.sample()).length, 3);
  assert.is(meter.state().ok, true);
});

test('a signal ends a sample that hangs', async ({ engine, meter }) => {
  engine.set('stats', () => {});
  const controller = new AbortController();
  const sample = meter.sample(controller.signal).catch((reason: unknown) => reason);
  await until(() => askedAbout(engine).length === 3);
  controller.abort(new Error('enough'));
  assert.is(((await sample) as Error).message, 'enough');
});

test('no containers: no questions but the first', async ({ engine, meter, containers }) => {
  containers.length = 0;
  assert.equal(await meter.sample(), []);
  assert.equal(askedAbout(engine), []);
});

test('no engine', async ({ engine, meter }) => {
  await engine.close();
  const error = await meter.sample().catch((reason: unknown) => reason);
  assert.is((error as { code?: string }).code, 'engine-unreachable');
});

test.run();
