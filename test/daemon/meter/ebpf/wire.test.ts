import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type EbpfMeter, openEbpfMeter } from '../../../../daemon/meter/ebpf/ebpf-meter.js';
import { counted, difference, FAR, Lab, type LinkCount, NEAR, type Sums } from './lab.js';

/** Bytes of the Ethernet header: this driver counts them in what it sends, not in what it merges. */
const TX_HEADER = 14;
/** Shorter than in earnest, since nothing here is as slow as the internet. */
const SETTLE_MS = 300;
const MB = 1 << 20;
/** How many times fewer packets the sockets must have had than the link, to have tested anything. */
const MERGED = 5;

const lab = new Lab();
let meter: EbpfMeter;
let server = '';
let runs = 0;

interface Run {
  link: LinkCount;
  rx: Sums;
  tx: Sums;
  /** Packets that sockets were handed, or handed down. */
  handed: { in: number; out: number };
}

/** Lets two peers talk, the far one first, and says what the link and what the meter counted. */
async function exchange(far: (string | number)[], near: (string | number)[]): Promise<Run> {
  const cgroup = lab.cgroup(`run${++runs}`);
  const before = lab.count();
  const handedBefore = lab.handed(lab.near);
  const [first, second] = [
    { namespace: lab.far, cgroup: server, args: far },
    { namespace: lab.near, cgroup: cgroup.path, args: near },
  ].sort((a, b) => rank(a.args) - rank(b.args));
  const listener = await lab.peer(first!.namespace, first!.cgroup, ...first!.args);
  const sender = await lab.peer(second!.namespace, second!.cgroup, ...second!.args);
  await lab.finish(sender);
  await lab.finish(listener);
  await lab.quiet(SETTLE_MS + 100);
  meter.sample(0);
  const handed = lab.handed(lab.near);
  return {
    link: difference(lab.count(), before),
    rx: counted(meter, cgroup.id, 'rx'),
    tx: counted(meter, cgroup.id, 'tx'),
    handed: { in: handed.in - handedBefore.in, out: handed.out - handedBefore.out },
  };
}

/** Listeners start before senders. */
function rank(args: readonly (string | number)[]): number {
  return ['serve', 'collect', 'udp-receive', 'push'].includes(String(args[0])) ? 0 : 1;
}

function assertEqualToLink({ link, rx, tx }: Run): void {
  assert.equal(rx, { bytes: link.rxBytes, packets: link.rxPackets }, 'received');
  const txBytes = link.txBytes - link.txPackets * TX_HEADER;
  assert.equal(tx, { bytes: txBytes, packets: link.txPackets }, 'sent');
}

test.before(async () => {
  meter = openEbpfMeter({ pinDir: `/sys/fs/bpf/netmeter-test-${process.pid}-wire`, settleMs: SETTLE_MS });
  await lab.start();
  server = lab.cgroup('server').path;
  assert.is(lab.follow(meter), undefined);
});

test.after(async () => {
  await lab.stop();
  meter.detach(0);
});

for (const version of ['v4', 'v6'] as const) {
  test(`TCP ${version} download, merged on reception`, async () => {
    const far = ['serve', FAR[version], 8000, 24 * MB, 'server', 1];
    const run = await exchange(far, ['fetch', FAR[version], 8000, 24 * MB, 'server', 1]);
    assert.ok(run.link.rxPackets > MERGED * run.handed.in, 'packets were merged');
    assert.ok(run.link.rxBytes > 24 * MB);
    assertEqualToLink(run);
  });

  test(`TCP ${version} upload, segmented below the socket`, async () => {
    const run = await exchange(['collect', FAR[version], 8000, 1], ['upload', FAR[version], 8000, 24 * MB]);
    assert.ok(run.link.txPackets > MERGED * run.handed.out, 'packets were segmented');
    assertEqualToLink(run);
  });

  test(`TCP ${version}, last packets answered by a TIME_WAIT socket`, async () => {
    const far = ['serve', FAR[version], 8000, 1000, 'client-long', 10];
    const run = await exchange(far, ['fetch', FAR[version], 8000, 1000, 'client-long', 10]);
    assertEqualToLink(run);
    const tails = meter.flows.filter(({ key }) => key.startsWith('tail:'));
    assert.ok(
      tails.some(({ packets }) => packets === 10),
      'the sockets missed a packet each',
    );
  });

  test(`TCP ${version}, the same where NAT publishes the port as another one`, async () => {
    const takeBack = lab.publish(version, 8080, 18080);
    try {
      const near = ['serve', NEAR[version], 8080, 1000, 'server-long', 10];
      assertEqualToLink(await exchange(['fetch', NEAR[version], 18080, 1000, 'server-long', 10], near));
    } finally {
      takeBack();
    }
  });

  test(`TCP ${version}, data that was still under way when its receiver had gone`, async () => {
    const cgroup = lab.cgroup(`abort-${version}`);
    const before = lab.count();
    const netns = lab.cookie(lab.near);
    meter.sample(0);
    const alreadyCounted = inNamespace(netns);
    // A queue at the other end, so that a window's worth of data follows the reset.
    lab.slowDown('50mbit');
    const pusher = await lab.peer(lab.far, server, 'push', FAR[version], 8000, 24 * MB);
    await lab.finish(await lab.peer(lab.near, cgroup.path, 'abort', FAR[version], 8000, 2 * MB));
    await lab.finish(pusher);
    await lab.quiet(SETTLE_MS + 300);
    lab.slowDown(undefined);
    meter.sample(0);
    const link = difference(lab.count(), before);
    const tail = counted(meter, cgroup.id, 'rx', ({ key }) => key.startsWith('tail:'));
    assert.ok(tail.packets > 10, 'data came when no socket was left');
    const received = counted(meter, cgroup.id, 'rx');
    // What is between the two hooks at the very moment of the reset has no owner.
    assert.ok(link.rxPackets - received.packets < 64, `${link.rxPackets} and ${received.packets} packets`);
    assert.ok(received.packets <= link.rxPackets && received.bytes <= link.rxBytes);
    // The kernel's own resets are its root cgroup's for IPv4; nothing is counted twice.
    const sent = inNamespace(netns);
    assert.is(sent.packets - alreadyCounted.packets, link.txPackets);
    assert.is(sent.bytes - alreadyCounted.bytes, link.txBytes - link.txPackets * TX_HEADER);
  });

  test(`UDP ${version}, segmented by the kernel on its way out`, async () => {
    const far = ['udp-receive', FAR[version], 8000, 100 * 48_000];
    const near = ['udp-send', FAR[version], 8000, 100, 48_000, 'segment=1200'];
    const run = await exchange(far, near);
    assert.is(run.link.txPackets, 100 * 40);
    assert.ok(run.handed.out < run.link.txPackets / MERGED);
    assertEqualToLink(run);
  });

  test(`UDP ${version}, merged for a socket that asked for it`, async () => {
    const far = ['udp-send', NEAR[version], 8000, 100, 48_000, 'segment=1200'];
    const run = await exchange(far, ['udp-receive', NEAR[version], 8000, 100 * 48_000, 'udp-gro']);
    assert.is(run.link.rxPackets, 100 * 40);
    assert.ok(run.handed.in < run.link.rxPackets / MERGED, 'packets were merged');
    assertEqualToLink(run);
  });

  test(`UDP ${version} in fragments, both ways`, async () => {
    const out = await exchange(
      ['udp-receive', FAR[version], 8000, 500 * 8000],
      ['udp-send', FAR[version], 8000, 500, 8000, 'fragment'],
    );
    assert.is(out.link.txPackets, 500 * 6);
    assertEqualToLink(out);
    const back = await exchange(
      ['udp-send', NEAR[version], 8000, 500, 8000, 'fragment'],
      ['udp-receive', NEAR[version], 8000, 500 * 8000],
    );
    assert.is(back.link.rxPackets, 500 * 6);
    assertEqualToLink(back);
  });

  test(`UDP ${version} of all sizes around one and two fragments`, async () => {
    const sizes = { first: 1400, last: 1520 };
    const total = sum(sizes.first, sizes.last) + sum(2840, 3000);
    const far = ['udp-receive', FAR[version], 8000, total];
    const cgroup = lab.cgroup(`ladder-${version}`);
    const before = lab.count();
    const receiver = await lab.peer(lab.far, server, ...far);
    for (const [first, last] of [
      [sizes.first, sizes.last],
      [2840, 3000],
    ] as const) {
      const args = ['udp-ladder', FAR[version], 8000, first, last, 'fragment'];
      await lab.finish(await lab.peer(lab.near, cgroup.path, ...args));
    }
    await lab.finish(receiver);
    meter.sample(0);
    const link = difference(lab.count(), before);
    const bytes = link.txBytes - link.txPackets * TX_HEADER;
    assert.equal(counted(meter, cgroup.id, 'tx'), { bytes, packets: link.txPackets });
  });
}

test('TCP v6 in merged packets of more than 64 KB', async () => {
  lab.mergeUpTo(160_000);
  const far = ['serve', FAR.v6, 8000, 24 * MB, 'server', 1];
  const down = await exchange(far, ['fetch', FAR.v6, 8000, 24 * MB, 'server', 1]);
  assertEqualToLink(down);
  // How much a sender puts into one packet is up to the moment: on a busy machine it can take some tries.
  let up: Run;
  let tries = 0;
  do {
    up = await exchange(['collect', FAR.v6, 8000, 1], ['upload', FAR.v6, 8000, 24 * MB]);
    assertEqualToLink(up);
    tries++;
  } while (up.link.txBytes <= 65_536 * up.handed.out && tries < 20);
  lab.mergeUpTo(65_536);
  assert.ok(up.link.txBytes > 65_536 * up.handed.out, 'larger than a length field can say');
});

test('IPv4 options are repeated in every segment and fragment', async () => {
  const near = ['upload', FAR.v4, 8000, 4 * MB, 'ip-options'];
  assertEqualToLink(await exchange(['collect', FAR.v4, 8000, 1], near));
  const far = ['udp-receive', FAR.v4, 8000, 100 * 8000];
  assertEqualToLink(await exchange(far, ['udp-send', FAR.v4, 8000, 100, 8000, 'fragment', 'ip-options']));
});

for (const options of [['hop-options'], ['destination-options'], ['hop-options', 'destination-options']]) {
  test(`IPv6 ${options.join(' and ')} are counted as the kernel repeats them`, async () => {
    const upload = ['upload', FAR.v6, 8000, 4 * MB, ...options];
    assertEqualToLink(await exchange(['collect', FAR.v6, 8000, 1], upload));
    const far = ['udp-receive', FAR.v6, 8000, 100 * 8000];
    assertEqualToLink(await exchange(far, ['udp-send', FAR.v6, 8000, 100, 8000, 'fragment', ...options]));
  });
}

test('fragments that a program made itself are packets as they are', async () => {
  const cgroup = lab.cgroup('raw');
  const before = lab.count();
  await lab.finish(await lab.peer(lab.near, cgroup.path, 'raw-fragments', FAR.v4, 50, 800));
  await lab.quiet();
  meter.sample(0);
  const link = difference(lab.count(), before);
  assert.equal(counted(meter, cgroup.id, 'tx'), { bytes: 50 * 820, packets: 50 });
  assert.is(link.txBytes, 50 * (820 + TX_HEADER));
});

/** All that was sent in a namespace, by whichever cgroup. */
function inNamespace(netns: number): Sums {
  const sums = { bytes: 0, packets: 0 };
  for (const flow of meter.flows) {
    if (flow.netns !== netns || flow.direction !== 'tx' || flow.ifindex === 1) continue;
    sums.bytes += flow.bytes;
    sums.packets += flow.packets;
  }
  return sums;
}

function sum(first: number, last: number): number {
  return ((first + last) * (last - first + 1)) / 2;
}

test.run();
