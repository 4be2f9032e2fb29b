import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type EbpfMeter, type FlowCounter, openEbpfMeter } from '../../../../daemon/meter/ebpf/ebpf-meter.js';
import { counted, FAR, ip, Lab } from './lab.js';

const MINUTE = 60_000;
const MAX_FLOWS = 100;
const lab = new Lab();
let meter: EbpfMeter;
let server = '';
let runs = 0;

async function sendFrom(cgroup: string, count: number): Promise<void> {
  const receiver = await lab.peer(lab.far, server, 'udp-receive', FAR.v4, 9000, count * 100);
  await lab.finish(await lab.peer(lab.near, cgroup, 'udp-send', FAR.v4, 9000, count, 100));
  await lab.finish(receiver);
}

function newCgroup(): { path: string; id: number } {
  return lab.cgroup(`root/idle${++runs}`);
}

test.before(async () => {
  await lab.start();
  const root = lab.cgroup('root');
  server = lab.cgroup('server').path;
  meter = openEbpfMeter({
    pinDir: `/sys/fs/bpf/netmeter-test-${process.pid}-idle`,
    cgroupRoot: lab.cgroupDirectory(root.path),
    maxFlows: MAX_FLOWS,
  });
});

test.after(async () => {
  await lab.stop();
  meter.detach(0);
});

test('counters of living cgroups stay, however long they have been still', async () => {
  const cgroup = newCgroup();
  await sendFrom(cgroup.path, 3);
  meter.sample(0);
  assert.equal(meter.removeIdle(60 * MINUTE), []);
  assert.is(counted(meter, cgroup.id, 'tx').packets, 3);
  await lab.removeCgroup(cgroup.path);
  assert.is(meter.removeIdle(60 * MINUTE).length, 1);
});

test('counters of gone cgroups stay for two minutes after they moved last', async () => {
  const cgroup = newCgroup();
  await sendFrom(cgroup.path, 3);
  await lab.removeCgroup(cgroup.path);
  meter.sample(10 * MINUTE);
  assert.equal(meter.removeIdle(12 * MINUTE - 1), []);
  const [removed, ...others] = meter.removeIdle(12 * MINUTE);
  assert.is(others.length, 0);
  assert.is(removed!.cgroupId, cgroup.id);
  assert.is(removed!.packets, 3);
  assert.is(removed!.bytes, 3 * 128);
  assert.is(counted(meter, cgroup.id, 'tx').packets, 0);
  meter.sample(12 * MINUTE);
  assert.is(counted(meter, cgroup.id, 'tx').packets, 0, 'the kernel has none either');
});

test('a counter that moved since the last sample is not removed', async () => {
  const cgroup = newCgroup();
  await sendFrom(cgroup.path, 1);
  meter.sample(20 * MINUTE);
  await sendFrom(cgroup.path, 2);
  await lab.removeCgroup(cgroup.path);
  assert.equal(meter.removeIdle(30 * MINUTE), []);
  meter.sample(30 * MINUTE);
  assert.is(counted(meter, cgroup.id, 'tx').packets, 3);
  assert.is(meter.removeIdle(32 * MINUTE)[0]!.packets, 3);
});

test('removing some leaves the others as they were', async () => {
  const cgroups = [newCgroup(), newCgroup(), newCgroup()];
  for (const [index, { path }] of cgroups.entries()) await sendFrom(path, index + 1);
  await lab.removeCgroup(cgroups[1]!.path);
  meter.sample(40 * MINUTE);
  assert.equal(
    meter.removeIdle(50 * MINUTE).map(({ cgroupId }) => cgroupId),
    [cgroups[1]!.id],
  );
  await sendFrom(cgroups[2]!.path, 4);
  const { changed } = meter.sample(50 * MINUTE);
  assert.equal(
    changed.map(({ cgroupId, packets }) => ({ cgroupId, packets })),
    [{ cgroupId: cgroups[2]!.id, packets: 7 }],
  );
  assert.is(counted(meter, cgroups[0]!.id, 'tx').packets, 1);
});

test('when room gets scarce, counters of living cgroups that have been still for an hour go', async () => {
  const cgroup = newCgroup();
  ip('-n', lab.near, 'route', 'add', '10.98.0.0/15', 'via', FAR.v4);
  const removeOwn = (now: number): FlowCounter[] =>
    meter.removeIdle(now).filter(({ cgroupId }) => cgroupId === cgroup.id);
  await lab.finish(await lab.peer(lab.near, cgroup.path, 'udp-scatter', '10.99', MAX_FLOWS / 2, 9, 100));
  meter.sample(60 * MINUTE);
  assert.equal(removeOwn(120 * MINUTE), [], 'there is room');
  await lab.finish(await lab.peer(lab.near, cgroup.path, 'udp-scatter', '10.98', 35, 9, 100));
  meter.sample(119 * MINUTE);
  assert.equal(removeOwn(119 * MINUTE), [], 'nothing has been still for so long');
  const removed = removeOwn(120 * MINUTE);
  assert.is(removed.length, MAX_FLOWS / 2);
  assert.ok(removed.every(({ remote }) => remote.address.startsWith('10.99.')));
});

test.run();
