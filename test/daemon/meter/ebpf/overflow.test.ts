import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type EbpfMeter, openEbpfMeter } from '../../../../daemon/meter/ebpf/ebpf-meter.js';
import { counted, difference, FAR, ip, Lab } from './lab.js';

const TX_HEADER = 14;
const MAX_FLOWS = 512;
const REMOTES = MAX_FLOWS + 4096;
const DATAGRAM = 100 + 28;

const lab = new Lab();
let root = { path: '', id: 0 };
let runs = 0;

/** Meters one subtree of cgroups only, so that the machine's other traffic takes no room. */
function open(limits: { maxFlows?: number; maxCgroups?: number }): EbpfMeter {
  const pinDir = `/sys/fs/bpf/netmeter-test-${process.pid}-overflow`;
  return openEbpfMeter({ pinDir, cgroupRoot: lab.cgroupDirectory(root.path), ...limits });
}

/** Sends a datagram to each of many remotes. @returns the cgroup, and what the link sent */
async function scatter(): Promise<{ id: number; bytes: number; packets: number }> {
  const cgroup = lab.cgroup(`root/run${++runs}`);
  const before = lab.count();
  await lab.finish(await lab.peer(lab.near, cgroup.path, 'udp-scatter', '10.99', REMOTES, 9, 100));
  await lab.quiet();
  const link = difference(lab.count(), before);
  assert.is(link.txPackets, REMOTES);
  return { id: cgroup.id, packets: link.txPackets, bytes: link.txBytes - link.txPackets * TX_HEADER };
}

test.before(async () => {
  await lab.start();
  // Listener reports come when they like, and would be packets that nobody sent.
  for (const namespace of [lab.near, lab.far]) {
    ip('netns', 'exec', namespace, 'sysctl', '-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1');
  }
  root = lab.cgroup('root');
  ip('-n', lab.near, 'route', 'add', '10.99.0.0/16', 'via', FAR.v4);
});

test.after(async () => {
  await lab.stop();
});

test('remotes that find no room are counted by cgroup, to the byte', async () => {
  const meter = open({ maxFlows: MAX_FLOWS });
  try {
    const { id, bytes, packets } = await scatter();
    const { overflow } = meter.sample(0);
    assert.equal(counted(meter, id, 'tx'), { bytes, packets });
    const apart = counted(meter, id, 'tx', ({ remote }) => remote.address !== '');
    assert.equal(apart, { packets: MAX_FLOWS, bytes: MAX_FLOWS * DATAGRAM });
    assert.is(overflow.byCgroup.entries, 1);
    assert.is(overflow.byCgroup.packets, REMOTES - MAX_FLOWS);
    assert.equal(overflow.inTotal, { bytes: 0, packets: 0 });
    const [counter] = meter.flows.filter(({ remote }) => remote.address === '');
    assert.match(counter!.key, /^cgroup:[0-9a-f]{48}$/);
    assert.is(counter!.netns, lab.cookie(lab.near));
    assert.is(meter.cgroupPath(id), `${root.path}/run${runs}`);
  } finally {
    meter.detach(0);
  }
});

test('cgroups that find no room either are counted in total, to the byte', async () => {
  const meter = open({ maxFlows: MAX_FLOWS, maxCgroups: 1 });
  try {
    const first = await scatter();
    const second = await scatter();
    const { overflow, changed } = meter.sample(0);
    assert.equal(counted(meter, first.id, 'tx'), { bytes: first.bytes, packets: first.packets });
    assert.equal(counted(meter, second.id, 'tx'), { bytes: 0, packets: 0 });
    assert.equal(overflow.inTotal, { bytes: second.bytes, packets: second.packets });
    const [total] = changed.filter(({ key }) => key.startsWith('total:'));
    assert.is(total!.bytes, second.bytes);
    assert.is(total!.direction, 'tx');
    assert.is(total!.packetType, 'unicast');
  } finally {
    meter.detach(0);
  }
});

test.run();
