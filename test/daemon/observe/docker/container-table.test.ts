import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ContainerEvent, ContainerTable } from '../../../../daemon/observe/docker/container-table.js';
import { parseEvent } from '../../../../daemon/observe/docker/docker-events.js';
import type { ContainerFacts } from '../../../../daemon/observe/docker/types.js';
import { recordedJson, recordedText } from './fake-engine.js';

const test = suite<{ table: ContainerTable; told: ContainerFacts[] }>('container table');
const A = 'a0'.repeat(32);
const B = 'b0'.repeat(32);

test.before.each((context) => {
  context.told = [];
  context.table = new ContainerTable((container) => context.told.push(container));
});

function event(action: ContainerEvent['action'], id = A, name = 'web', at = 1000): ContainerEvent {
  return { type: 'container', action, id, at, order: at * 1e6, attributes: { name, image: 'shop:1' } };
}

function inspection(id: string, pid: number): unknown {
  return { Id: id, Name: '/web', State: { Pid: pid }, HostConfig: { NetworkMode: 'default' } };
}

for (const engine of ['28.5', '20.10']) {
  test(`what engine ${engine} told, from creation to removal`, ({ table }) => {
    const lines = recordedText('events.ndjson', engine).trim().split('\n');
    const events = lines
      .flatMap((line) => parseEvent(line) ?? [])
      .filter((each) => each.type === 'container');
    const { id } = events[0]!;
    for (const each of events.slice(0, 5)) table.applyEvent(each);
    table.applyInspection(table.get(id)!, recordedJson('inspect.json', engine));
    const { Pid } = recordedJson('inspect.json', engine).State as { Pid: number };
    const { addresses, ...web } = table.get(id)!;
    assert.equal(web, {
      id,
      name: 'fixture-web',
      image: 'nm-busybox',
      labels: {
        'com.docker.compose.project': 'shop',
        'com.docker.compose.service': 'web',
        'devcontainer.local_folder': '/home/dev/shop',
        'netmeter.role': 'proxy',
      },
      composeProject: 'shop',
      composeService: 'web',
      devContainerFolder: '/home/dev/shop',
      networkMode: 'fixture-net',
      pid: Pid,
      state: 'running',
      publishedPorts: [
        { protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 18053, containerPort: 53 },
        { protocol: 'udp', hostAddress: '::', hostPort: 18053, containerPort: 53 },
        { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 18080, containerPort: 80 },
      ],
      removedAt: undefined,
    });
    assert.ok(addresses.length >= 2);
    assert.equal([...new Set(addresses.map(({ network }) => network))].sort(), ['bridge', 'fixture-net']);
    for (const each of events.slice(5)) table.applyEvent(each);
    assert.is(table.get(id)?.state, 'removed');
    assert.is(table.get(id)?.name, 'fixture-web');
    assert.is(table.get(id)?.pid, undefined);
  });

  test(`what engine ${engine} lists`, ({ table }) => {
    table.applyList(recordedJson('list.json', engine), 5);
    const all = [...table.all()];
    assert.equal(all.map(({ name }) => name).sort(), ['fixture-peer', 'fixture-web']);
    const web = all.find(({ name }) => name === 'fixture-web')!;
    const peer = all.find(({ name }) => name === 'fixture-peer')!;
    assert.is(web.networkMode, 'fixture-net');
    assert.is(web.state, 'running');
    assert.is(web.composeProject, 'shop');
    assert.is(peer.networkMode, `container:${web.id}`);
    assert.equal(web.publishedPorts.map(({ protocol, hostPort }) => `${protocol} ${hostPort}`).sort(), [
      'tcp 18080',
      'udp 18053',
      'udp 18053',
    ]);
  });
}

test('a container that is gone before anybody asks has its name and image', ({ table }) => {
  for (const action of ['create', 'start', 'die', 'destroy'] as const) table.applyEvent(event(action));
  const { name, image, state, removedAt } = table.get(A)!;
  assert.equal(
    { name, image, state, removedAt },
    { name: 'web', image: 'shop:1', state: 'removed', removedAt: 1000 },
  );
});

test('a name that is used again is another container', ({ table }) => {
  for (const action of ['create', 'start', 'die', 'destroy'] as const) table.applyEvent(event(action));
  for (const action of ['create', 'start'] as const) table.applyEvent(event(action, B));
  assert.equal(
    [...table.all()].map(({ id, name, state }) => [id, name, state]),
    [
      [B, 'web', 'running'],
      [A, 'web', 'removed'],
    ],
  );
});

test('values that were handed out do not change', ({ table }) => {
  table.applyEvent(event('create'));
  const before = table.get(A)!;
  table.applyEvent(event('rename', A, 'shop'));
  assert.is(before.name, 'web');
  assert.is(table.get(A)!.name, 'shop');
});

test('an inspection that comes too late does not bring a process back', ({ table }) => {
  table.applyEvent(event('start'));
  const asked = table.get(A)!;
  table.applyEvent(event('die'));
  table.applyInspection(asked, inspection(A, 77));
  assert.is(table.get(A)!.pid, undefined);
  assert.is(table.get(A)!.networkMode, 'bridge');
  table.applyEvent(event('destroy'));
  table.applyInspection(asked, inspection(A, 77));
  assert.is(table.get(A)!.state, 'removed');
});

test('after a restart the old process is forgotten, and the new one taken', ({ table }) => {
  table.applyEvent(event('start'));
  table.applyInspection(table.get(A)!, inspection(A, 77));
  assert.is(table.get(A)!.pid, 77);
  const asked = table.get(A)!;
  table.applyEvent(event('die'));
  table.applyEvent(event('start'));
  table.applyInspection(asked, inspection(A, 77));
  assert.is(table.get(A)!.pid, undefined);
  table.applyInspection(table.get(A)!, inspection(A, 78));
  assert.is(table.get(A)!.pid, 78);
});

test('what a list does not name any more was removed', ({ table }) => {
  table.applyEvent(event('start'));
  table.applyEvent(event('create', B, 'other'));
  table.applyList([{ Id: B, Names: ['/linked/alias', '/other'], State: 'exited', Image: 'x' }], 9000);
  assert.is(table.get(A)!.removedAt, 9000);
  assert.is(table.get(B)!.state, 'exited');
  assert.is(table.get(B)!.name, 'other');
});

test('events of a removed container that are replayed do not bring it back', ({ table }) => {
  for (const action of ['create', 'start', 'die', 'destroy'] as const) table.applyEvent(event(action));
  table.applyEvent(event('create'));
  table.applyEvent(event('start'));
  assert.is([...table.all()].length, 1);
  assert.is(table.get(A)!.state, 'removed');
});

test('removed containers are remembered for ten minutes, and five thousand of them', ({ table }) => {
  const id = (n: number): string => n.toString(16).padStart(64, '0');
  for (let n = 0; n < 6000; n++) table.applyEvent(event('destroy', id(n), `c${n}`, 1000));
  assert.is([...table.all()].length, 5000);
  assert.is(table.get(id(999)), undefined);
  assert.is(table.get(id(1000))?.name, 'c1000');
  table.applyEvent(event('destroy', id(6000), 'late', 1000 + 10 * 60_000));
  assert.equal(
    [...table.all()].map(({ name }) => name),
    ['late'],
  );
});

test('answers of no known shape say nothing', ({ table, told }) => {
  for (const list of [undefined, null, {}, 'x', [null, 5, { Id: 'short' }, { Id: ['x'] }]])
    table.applyList(list, 1);
  assert.is(told.length, 0);
  table.applyEvent(event('start'));
  const asked = table.get(A)!;
  for (const odd of [
    undefined,
    [],
    { State: 'x', NetworkSettings: { Ports: { '80/tcp': 'x' }, Networks: [] } },
  ]) {
    table.applyInspection(asked, odd);
  }
  table.applyInspection(asked, { State: { Pid: -1 }, Config: { Labels: { 'netmeter.role': 5 } } });
  const { name, image, pid, labels, publishedPorts } = table.get(A)!;
  assert.equal([name, image, pid, labels, publishedPorts], ['web', 'shop:1', undefined, {}, []]);
});

test.run();
