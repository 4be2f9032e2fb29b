import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type EbpfMeter, type FlowCounter, openEbpfMeter } from '../../../../daemon/meter/ebpf/ebpf-meter.js';
import { counted, difference, FAR, Lab, NEAR } from './lab.js';

const TX_HEADER = 14;
const IP_UDP_HEADERS = 28;
const lab = new Lab();
let meter: EbpfMeter;
let server = { path: '', id: 0 };
let runs = 0;

/** Sends `count` datagrams of 100 bytes from one end to the other. */
async function send(
  from: { namespace: string; cgroup: string },
  to: { namespace: string; cgroup: string; address: string; port: number },
  count: number,
  ...options: string[]
): Promise<void> {
  const listening = ['udp-receive', to.address, to.port, count * 100];
  const receiver = await lab.peer(to.namespace, to.cgroup, ...listening);
  const sending = ['udp-send', to.address, to.port, count, 100, ...options];
  await lab.finish(await lab.peer(from.namespace, from.cgroup, ...sending));
  await lab.finish(receiver);
  meter.sample(0);
}

function flowsOf(cgroupId: number): FlowCounter[] {
  return meter.flows.filter((flow) => flow.cgroupId === cgroupId);
}

function newCgroup(): { path: string; id: number } {
  return lab.cgroup(`flows${++runs}`);
}

test.before(async () => {
  meter = openEbpfMeter({ pinDir: `/sys/fs/bpf/netmeter-test-${process.pid}-flows` });
  await lab.start();
  server = lab.cgroup('server');
});

test.after(async () => {
  await lab.stop();
  meter.detach(0);
});

test('a flow says cgroup, namespace, interface, remote, service port and direction', async () => {
  const cgroup = newCgroup();
  const to = { namespace: lab.far, cgroup: server.path, address: FAR.v4, port: 5353 };
  await send({ namespace: lab.near, cgroup: cgroup.path }, to, 7);
  const [flow, ...others] = flowsOf(cgroup.id);
  assert.is(others.length, 0);
  assert.match(flow!.key, /^[0-9a-f]{80}$/);
  assert.is(flow!.netns, lab.cookie(lab.near));
  assert.is(flow!.ifindex, lab.ifindex(lab.near, 'up0'));
  assert.equal(flow!.remote, { address: FAR.v4, port: 5353, protocol: 'udp' });
  assert.is(flow!.direction, 'tx');
  assert.is(flow!.serviceIsLocal, false);
  assert.is(flow!.packetType, 'unicast');
  assert.is(flow!.packets, 7);
  assert.is(flow!.bytes, 7 * (100 + IP_UDP_HEADERS));
  assert.is(meter.cgroupPath(cgroup.id), cgroup.path);
});

test('the serving end has the same port as its own', async () => {
  const [flow] = flowsOf(server.id).filter(({ remote }) => remote.port === 5353);
  assert.is(flow!.direction, 'rx');
  assert.is(flow!.serviceIsLocal, true);
  assert.is(flow!.remote.address, NEAR.v4);
  assert.is(flow!.netns, lab.cookie(lab.far));
  assert.is(flow!.ifindex, lab.ifindex(lab.far, 'eth0'));
  assert.is(flow!.packets, 7);
});

test('IPv6 addresses come in the form of RFC 5952', async () => {
  const cgroup = newCgroup();
  const to = { namespace: lab.far, cgroup: server.path, address: FAR.v6, port: 53 };
  await send({ namespace: lab.near, cgroup: cgroup.path }, to, 1);
  assert.equal(flowsOf(cgroup.id)[0]!.remote, { address: FAR.v6, port: 53, protocol: 'udp' });
});

test('two high ports are no service, unless one of them is a known endpoint', async () => {
  const known = { address: FAR.v4, port: 40_001 };
  const anywhere = { address: undefined, port: 40_002 };
  meter.setEndpoints([known, anywhere, { address: FAR.v4, port: 80 }]);
  const cgroup = newCgroup();
  const from = { namespace: lab.near, cgroup: cgroup.path };
  for (const port of [40_000, 40_001, 40_002]) {
    const to = { namespace: lab.far, cgroup: server.path, address: FAR.v4, port };
    await send(from, to, 1, 'port=50000');
  }
  const ports = flowsOf(cgroup.id).map(({ remote }) => remote.port);
  assert.equal(ports.sort(), [0, 40_001, 40_002]);
  const served = flowsOf(server.id).filter(({ remote }) => remote.port >= 32_768);
  assert.equal(served.map(({ remote }) => remote.port).sort(), [40_001, 40_002]);
  assert.ok(served.every(({ serviceIsLocal }) => serviceIsLocal));
  meter.setEndpoints([]);
  const to = { namespace: lab.far, cgroup: server.path, address: FAR.v4, port: 40_001 };
  await send(from, to, 1, 'port=50000');
  const unnamed = flowsOf(cgroup.id).find(({ remote }) => remote.port === 0);
  assert.is(unnamed!.packets, 2);
});

test('the lower of two low ports is taken for the service', async () => {
  const cgroup = newCgroup();
  const to = { namespace: lab.far, cgroup: server.path, address: FAR.v4, port: 8080 };
  await send({ namespace: lab.near, cgroup: cgroup.path }, to, 1, 'port=3000');
  const [flow] = flowsOf(cgroup.id);
  assert.is(flow!.remote.port, 3000);
  assert.is(flow!.serviceIsLocal, true);
});

test('what stays on loopback has the first interface of its namespace', async () => {
  const cgroup = newCgroup();
  const to = { namespace: lab.near, cgroup: cgroup.path, address: NEAR.v4, port: 7000 };
  await send({ namespace: lab.near, cgroup: cgroup.path }, to, 3);
  const flows = flowsOf(cgroup.id);
  assert.equal(flows.map(({ direction }) => direction).sort(), ['rx', 'tx']);
  assert.ok(flows.every(({ ifindex }) => ifindex === 1));
  assert.ok(flows.every(({ packets }) => packets === 3));
});

for (const { kind, address, options } of [
  { kind: 'broadcast', address: '198.51.100.47', options: ['broadcast'] },
  { kind: 'multicast', address: '239.1.2.3', options: ['join=239.1.2.3'] },
] as const) {
  test(`three listeners count a ${kind} three times, and apart from the rest`, async () => {
    const cgroup = newCgroup();
    const sinks = [];
    for (let i = 0; i < 3; i++) {
      sinks.push(await lab.peer(lab.near, cgroup.path, 'udp-sink', address, 7001, ...options));
    }
    await lab.quiet();
    const before = lab.count();
    await lab.finish(await lab.peer(lab.far, server.path, 'udp-send', address, 7001, 5, 100, 'broadcast'));
    await lab.quiet();
    meter.sample(0);
    const link = difference(lab.count(), before);
    assert.is(link.rxPackets, 5);
    const sums = counted(meter, cgroup.id, 'rx', ({ packetType }) => packetType === kind);
    assert.equal(sums, { packets: 3 * link.rxPackets, bytes: 3 * link.rxBytes });
    assert.equal(counted(meter, cgroup.id, 'rx', ({ packetType }) => packetType !== kind).packets, 0);
    for (const sink of sinks) await lab.end(sink);
  });
}

test("a sender's own copy of its multicast crosses no link", async () => {
  const cgroup = newCgroup();
  const sink = await lab.peer(lab.near, cgroup.path, 'udp-sink', '239.1.2.3', 7002, 'join=239.1.2.3');
  await lab.quiet();
  const before = lab.count();
  await lab.finish(await lab.peer(lab.near, cgroup.path, 'udp-send', '239.1.2.3', 7002, 5, 100));
  await lab.quiet();
  meter.sample(0);
  // The kernel's own membership reports may be among what the link sent.
  assert.ok(difference(lab.count(), before).txPackets >= 5);
  const onLink = counted(meter, cgroup.id, 'tx', ({ packetType }) => packetType === 'multicast');
  assert.equal(onLink, { packets: 5, bytes: 5 * (100 + IP_UDP_HEADERS) });
  const own = counted(meter, cgroup.id, 'rx', ({ ifindex }) => ifindex === 1);
  assert.is(own.packets, 5);
  assert.is(counted(meter, cgroup.id, 'rx', ({ ifindex }) => ifindex !== 1).packets, 0);
  const joined = lab.count();
  await lab.end(sink);
  // The kernel says twice that it leaves (RFC 3376, robustness variable), the second time after a random while.
  while (difference(lab.count(), joined).txPackets < 2) await sleep(50);
});

test('an upload goes on after its cgroup is gone, and is counted to the end', async () => {
  lab.slowDownNear('40mbit');
  const cgroup = newCgroup();
  const before = lab.count();
  const collector = await lab.peer(lab.far, server.path, 'collect', FAR.v4, 8001, 1);
  await lab.finish(await lab.peer(lab.near, cgroup.path, 'upload', FAR.v4, 8001, 3 << 20));
  await lab.removeCgroup(cgroup.path);
  meter.sample(0);
  const whenGone = counted(meter, cgroup.id, 'tx').bytes;
  await lab.finish(collector);
  await lab.quiet();
  meter.sample(1);
  const link = difference(lab.count(), before);
  const atLast = counted(meter, cgroup.id, 'tx').bytes;
  assert.ok(atLast - whenGone > 1 << 20, 'most of it was sent afterwards');
  assert.is(meter.cgroupPath(cgroup.id), cgroup.path);
  // The closing handshake may be a TIME_WAIT socket's.
  assert.ok(link.txBytes - link.txPackets * TX_HEADER - atLast <= 2 * 52);
  lab.slowDownNear(undefined);
});

test('cgroups that are gone before anybody looks still have their names', async () => {
  const parent = newCgroup();
  const ids = new Map<number, string>();
  for (let i = 0; i < 50; i++) {
    const name = `${parent.path}/short-${i}`;
    ids.set(lab.makeAndRemove(name), name);
  }
  for (const [id, name] of ids) assert.is(meter.cgroupPath(id), name);
  assert.is(meter.namesMissing, undefined);
});

test('only counters that moved are in a sample', async () => {
  await lab.quiet();
  meter.sample(0);
  const cgroup = newCgroup();
  const to = { namespace: lab.far, cgroup: server.path, address: FAR.v4, port: 5354 };
  await send({ namespace: lab.near, cgroup: cgroup.path }, to, 1);
  const moved = flowsOf(cgroup.id);
  assert.is(moved.length, 1);
  await sleep(10);
  const { changed } = meter.sample(1);
  assert.ok(!changed.includes(moved[0]!));
});

test('the boot is part of the epoch', () => {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  assert.match(meter.epoch, new RegExp(`^${bootId}:[0-9a-f]{16}$`));
});

test.run();
