import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NamespacedOwner } from '../../../../daemon/meter/netns/namespace-book.js';
import {
  type NamespaceReading,
  NetnsMeter,
  type NetnsSample,
} from '../../../../daemon/meter/netns/netns-meter.js';
import type { Traffic } from '../../../../src/units.js';
import { Namespaces } from '../namespaces.js';

const lab = new Namespaces('netns');
const ETHERNET = 14;
let host = '';
let wan = '';
let meter: NetnsMeter;
let processes: ChildProcess[] = [];

/** A container: a namespace behind the host, and a process in it. */
interface Container {
  namespace: string;
  pid: number;
  process: ChildProcess;
  link: string;
  address: string;
  gateway: string;
}

let blocks = 0;

function container(name: string): Container {
  const namespace = lab.add(name);
  const link = `v-${name}`;
  // Four addresses each, from .68 on.
  const base = 68 + 4 * (blocks++ % 5);
  const [gateway, address] = [`198.51.100.${base + 1}`, `198.51.100.${base + 2}`];
  lab.connect(`${host} ${link} ${gateway}/30`, `${namespace} eth0 ${address}/30`);
  lab.ip(namespace, `route add default via ${gateway}`);
  const process = lab.start(namespace, 'sleep', ['600']);
  processes.push(process);
  return { namespace, pid: process.pid!, process, link, address, gateway };
}

async function stop({ process }: Container): Promise<void> {
  const ended = new Promise((resolve) => process.once('exit', resolve));
  process.kill('SIGKILL');
  await ended;
}

/** The namespace's end: its last process, then its name; the kernel takes it down in the background. */
async function die(dead: Container): Promise<void> {
  await stop(dead);
  lab.remove(dead.namespace);
  await gone(dead.link);
}

async function gone(link: string): Promise<void> {
  while (lab.inside(host, () => existsSync('/proc/net/dev_snmp6'))) {
    if (!lab.ip(host, '-br link').includes(`${link}@`)) return;
    await sleep(20);
  }
}

function owners(...list: [string, Container][]): NamespacedOwner[] {
  return list.map(([ownerId, { pid }]) => ({ ownerId, pid }));
}

function setOwners(list: readonly NamespacedOwner[]): void {
  lab.inside(host, () => meter.setOwners(list));
}

function sample(): NetnsSample {
  return lab.inside(host, () => meter.sample());
}

function readingOf(readings: readonly NamespaceReading[], ownerId: string): NamespaceReading {
  const found = readings.find((reading) => reading.ownerId === ownerId);
  assert.ok(found, `no reading of ${ownerId}`);
  return found!;
}

function ipLevel({ rxBytes, txBytes, rxPackets, txPackets }: Traffic): Traffic {
  return {
    rxBytes: rxBytes - rxPackets * ETHERNET,
    txBytes: txBytes - txPackets * ETHERNET,
    rxPackets,
    txPackets,
  };
}

test.before(() => {
  host = lab.add('host');
  wan = lab.add('wan');
  lab.connect(`${host} up0 198.51.100.65/30`, `${wan} eth0 198.51.100.66/30`);
  lab.ip(host, 'route add default via 198.51.100.66');
  lab.ip(wan, 'route add 198.51.100.64/27 via 198.51.100.65');
});

test.before.each(() => {
  processes = [];
  meter = new NetnsMeter('/proc');
  lab.inside(host, () => meter.start());
});

test.after.each(async () => {
  meter.stop();
  for (const process of processes) process.kill('SIGKILL');
});

test.after(() => {
  lab.clear();
});

test("counters are the container's own, from its own view", async () => {
  const one = container('a');
  const two = container('b');
  setOwners(owners(['container:a', one], ['container:b', two]));
  lab.sendDatagrams(one.namespace, one.gateway, 20, 1000);
  lab.sendDatagrams(host, two.address, 5, 300);
  const { readings, unmetered } = sample();
  assert.equal(unmetered, []);
  const a = readingOf(readings, 'container:a');
  const b = readingOf(readings, 'container:b');
  assert.equal(a.counters, ipLevel(lab.counters(one.namespace, 'eth0')));
  assert.equal(b.counters, ipLevel(lab.counters(two.namespace, 'eth0')));
  assert.is(a.counters.txBytes, 20 * 1028);
  assert.equal([a.ended, b.ended], [false, false]);
  await die(one);
  await die(two);
});

test('the last word of a namespace that just dies is all that it received', async () => {
  const one = container('c');
  setOwners(owners(['container:c', one]));
  lab.sendDatagrams(host, one.address, 10, 500);
  lab.sendDatagrams(one.namespace, '203.0.113.9', 4, 100);
  sample();
  lab.sendDatagrams(host, one.address, 90, 500);
  lab.sendDatagrams(one.namespace, '203.0.113.9', 9, 100);
  const truth = ipLevel(lab.counters(one.namespace, 'eth0'));
  await die(one);
  const reading = readingOf(sample().readings, 'container:c');
  assert.is(reading.ended, true);
  assert.is(reading.counters.rxBytes, truth.rxBytes);
  assert.is(reading.counters.rxPackets, truth.rxPackets);
  // The pair was parted before the kernel announced its end: what was sent last is not known, and said so.
  assert.is(reading.complete, false);
  assert.ok(reading.counters.txBytes < truth.txBytes);
  assert.ok(reading.counters.txBytes >= 4 * 128);
  assert.equal(sample().readings, []);
});

test('a link that comes home before it is removed, as with Docker, has all of its last word', async () => {
  const one = container('d');
  setOwners(owners(['container:d', one]));
  sample();
  lab.sendDatagrams(host, one.address, 90, 500);
  lab.sendDatagrams(one.namespace, one.gateway, 9, 100);
  const truth = ipLevel(lab.counters(one.namespace, 'eth0'));
  lab.ip(one.namespace, `link set eth0 netns ${host} name back0`);
  lab.ip(host, 'link del v-d');
  await stop(one);
  const reading = readingOf(sample().readings, 'container:d');
  assert.equal([reading.ended, reading.complete], [true, true]);
  assert.equal(reading.counters, truth);
  lab.remove(one.namespace);
});

test('a namespace that lived between two samples', async () => {
  sample();
  const one = container('e');
  setOwners(owners(['exec:e', one]));
  lab.sendDatagrams(host, one.address, 33, 700);
  const truth = ipLevel(lab.counters(one.namespace, 'eth0'));
  lab.ip(one.namespace, `link set eth0 netns ${host} name back1`);
  lab.ip(host, 'link del v-e');
  await stop(one);
  // Whoever watches containers has taken it off the list already.
  setOwners([]);
  const { readings, strays } = sample();
  assert.equal(readingOf(readings, 'exec:e').counters, truth);
  assert.is(readingOf(readings, 'exec:e').ended, true);
  assert.equal(strays, []);
  lab.remove(one.namespace);
});

test('what nobody claimed before it was gone is told, too', async () => {
  sample();
  const one = container('f');
  lab.sendDatagrams(host, one.address, 12, 200);
  const truth = ipLevel(lab.counters(one.namespace, 'eth0'));
  await die(one);
  const { readings, strays } = sample();
  assert.equal(readings, []);
  assert.equal(
    strays.map(({ interface: name, counters, complete }) => [name, counters.rxBytes, complete]),
    [['v-f', truth.rxBytes, false]],
  );
});

test('numbers of namespaces are given again, and bytes stay with whom they belong to', async () => {
  const first = container('g');
  setOwners(owners(['container:g', first]));
  lab.sendDatagrams(host, first.address, 3, 100);
  sample();
  const truth = ipLevel(lab.counters(first.namespace, 'eth0'));
  await die(first);
  const second = container('h');
  lab.sendDatagrams(host, second.address, 50, 900);
  setOwners(owners(['container:h', second]));
  const { readings } = sample();
  assert.is(readingOf(readings, 'container:g').counters.rxBytes, truth.rxBytes);
  assert.equal(readingOf(readings, 'container:h').counters, ipLevel(lab.counters(second.namespace, 'eth0')));
  await die(second);
});

test('a restarted container counts anew, under another key', async () => {
  const first = container('i');
  setOwners(owners(['container:i', first]));
  const before = readingOf(sample().readings, 'container:i');
  const second = container('j');
  setOwners(owners(['container:i', second]));
  lab.sendDatagrams(host, second.address, 2, 100);
  const keys = sample().readings.map(({ ownerId, key }) => [ownerId, key === before.key]);
  assert.equal(keys, [
    ['container:i', true],
    ['container:i', false],
  ]);
  await die(first);
  await die(second);
});

test('a second network is added, also after the first sample', async () => {
  const one = container('k');
  setOwners(owners(['container:k', one]));
  sample();
  lab.connect(`${host} v-k2 198.51.100.89/30`, `${one.namespace} eth1 198.51.100.90/30`);
  lab.sendDatagrams(host, '198.51.100.90', 7, 400);
  lab.sendDatagrams(host, one.address, 1, 400);
  const both = lab.counters(one.namespace, 'eth0').rxBytes + lab.counters(one.namespace, 'eth1').rxBytes;
  const { counters } = readingOf(sample().readings, 'container:k');
  assert.is(counters.rxBytes + counters.rxPackets * ETHERNET, both);
  // What it counted stays when the network is taken away.
  lab.ip(host, 'link del v-k2');
  const later = readingOf(sample().readings, 'container:k');
  assert.is(later.counters.rxBytes, counters.rxBytes);
  assert.is(later.ended, false);
  await die(one);
});

test('owners in one namespace are told as one', async () => {
  const one = container('l');
  setOwners([...owners(['container:l', one]), { ownerId: 'container:m', pid: one.pid }]);
  const { readings } = sample();
  assert.equal(
    readings.map(({ ownerId, sharedWith }) => [ownerId, sharedWith]),
    [['container:l', ['container:m']]],
  );
  await die(one);
});

test('a namespace is found by its file as well', async () => {
  const one = container('n');
  setOwners([{ ownerId: 'exec:n', namespacePath: lab.path(one.namespace) }]);
  lab.sendDatagrams(host, one.address, 6, 60);
  assert.is(readingOf(sample().readings, 'exec:n').counters.rxBytes, 6 * 88);
  await die(one);
});

test('owners that cannot be metered are named', () => {
  setOwners([
    { ownerId: 'container:host', namespacePath: lab.path(host) },
    { ownerId: 'container:gone', pid: 2 ** 22 - 1 },
    { ownerId: 'exec:gone', namespacePath: '/run/netns/nm-h-none' },
  ]);
  const { readings, unmetered } = sample();
  assert.equal(readings, []);
  assert.equal(unmetered, [
    { ownerId: 'container:host', because: "it shares the host's network namespace" },
    { ownerId: 'container:gone', because: '/proc/4194303/ns/net does not exist' },
    { ownerId: 'exec:gone', because: '/run/netns/nm-h-none does not exist' },
  ]);
});

test('without the right to look into other processes, owners say so', async () => {
  const one = container('s');
  const meterPath = new URL('../../../../daemon/meter/netns/netns-meter.ts', import.meta.url).href;
  const code = `
    const { NetnsMeter } = await import(${JSON.stringify(meterPath)});
    const meter = new NetnsMeter('/proc');
    meter.start();
    meter.setOwners([{ ownerId: 'container:s', pid: ${one.pid} }]);
    process.stdout.write(JSON.stringify(meter.sample().unmetered));
    meter.stop();
  `;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', code];
  const said = execFileSync('setpriv', ['--bounding-set=-sys_ptrace', ...node], { encoding: 'utf8' });
  assert.equal(JSON.parse(said), [
    { ownerId: 'container:s', because: `/proc/${one.pid}/ns/net may not be read` },
  ]);
  await die(one);
});

test('a namespace without a pair is read from inside', async () => {
  const namespace = lab.add('o');
  lab.ip(host, `link add link up0 name mv0 type macvlan mode bridge`);
  lab.ip(host, `link set mv0 netns ${namespace} name eth0`);
  lab.ip(namespace, 'addr add 198.51.100.93/27 dev eth0');
  lab.ip(namespace, 'link set eth0 up');
  lab.ip(namespace, 'neigh add 198.51.100.66 lladdr 02:00:00:00:00:01 dev eth0');
  const process = lab.start(namespace, 'sleep', ['600']);
  processes.push(process);
  setOwners([{ ownerId: 'container:o', pid: process.pid! }]);
  lab.sendDatagrams(namespace, '198.51.100.66', 8, 100);
  const reading = readingOf(sample().readings, 'container:o');
  assert.is(reading.counters.txBytes, 8 * 128);
  assert.equal(reading.counters, ipLevel(lab.counters(namespace, 'eth0')));
  await stop({ process } as Container);
  const last = readingOf(sample().readings, 'container:o');
  assert.equal([last.ended, last.complete, last.counters.txBytes], [true, false, 8 * 128]);
  lab.remove(namespace);
});

test('the IP layer of the namespace counted the same', async () => {
  const one = container('p');
  setOwners(owners(['container:p', one]));
  lab.sendDatagrams(one.namespace, one.gateway, 20, 1000);
  lab.sendDatagrams(one.namespace, '127.0.0.1', 50, 1000);
  lab.sendDatagrams(host, one.address, 10, 100);
  const check = meter.crossCheck('container:p')!;
  assert.ok(check.interfaces.txBytes > 20_000);
  assert.equal([check.interfaces.rxBytes, check.interfaces.txBytes], [check.ip.rxBytes, check.ip.txBytes]);
  assert.is(meter.crossCheck('container:nobody'), undefined);
  await die(one);
  assert.is(meter.crossCheck('container:p'), undefined);
});

test('merged packets lack the headers of the others: why this is not the exact tier', async () => {
  const one = container('q');
  for (const [namespace, name] of [
    [host, 'up0'],
    [wan, 'eth0'],
  ] as const) {
    lab.run(namespace, 'ethtool', '-K', name, 'tso', 'off', 'gso', 'off', 'gro', 'on');
  }
  lab.serve(wan, 8080, 20_000_000);
  setOwners(owners(['container:q', one]));
  sample();
  const before = lab.counters(host, 'up0');
  assert.is(await lab.fetch(one.namespace, '198.51.100.66', 8080), 20_000_000);
  const after = lab.counters(host, 'up0');
  const { counters } = readingOf(sample().readings, 'container:q');
  // With GRO on, the uplink's veth counts IP packets on receive.
  const wire = after.rxBytes - before.rxBytes;
  const packets = after.rxPackets - before.rxPackets;
  assert.ok(counters.rxPackets < packets / 5, `${counters.rxPackets} of ${packets} packets`);
  const short = (wire - counters.rxBytes) / wire;
  assert.ok(short > 0.02 && short < 0.04, `${short}`);
  // What is missing is 20 + 32 bytes of each packet that was merged into another.
  assert.ok(Math.abs(wire - counters.rxBytes - (packets - counters.rxPackets) * 52) < 100);
  await die(one);
});

test('a damaged file is named, and never taken for counters', () => {
  const root = mkdtempSync(join(tmpdir(), 'netmeter-proc-'));
  try {
    for (const pid of ['self', '7']) mkdirSync(join(root, pid, 'ns'), { recursive: true });
    symlinkSync('/proc/self/ns/net', join(root, 'self/ns/net'));
    symlinkSync(lab.path(wan), join(root, '7/ns/net'));
    mkdirSync(join(root, '7/net'));
    writeFileSync(join(root, '7/net/dev'), 'Inter-|   Receive  |  Transmit\n');
    meter.stop();
    meter = new NetnsMeter(root);
    lab.inside(host, () => meter.start());
    setOwners([{ ownerId: 'container:7', pid: 7 }]);
    const { readings, unmetered } = sample();
    assert.equal(readings, []);
    assert.equal(unmetered, [{ ownerId: 'container:7', because: `${root}/7/net/dev:2: unknown columns` }]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.run();
