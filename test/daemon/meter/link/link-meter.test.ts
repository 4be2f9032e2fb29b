import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LinkMeter, type LinkReading } from '../../../../daemon/meter/link/link-meter.js';
import { NetmeterError } from '../../../../src/errors.js';
import { calibrate, uncalibrated } from '../../../../src/metering/calibrate.js';
import { linkDelta } from '../../../../src/metering/link-deltas.js';
import { reconcile } from '../../../../src/metering/reconcile.js';
import { noTraffic } from '../../../../src/units.js';
import { Namespaces } from '../namespaces.js';

const lab = new Namespaces('link');
let host = '';
let wan = '';
let meter: LinkMeter;

/** A meter in the namespace that plays the host. */
function startMeter(links?: string[]): LinkMeter {
  const started = new LinkMeter({ links, sysRoot: '/sys' });
  lab.inside(host, () => started.start());
  return started;
}

function reading(readings: LinkReading[], name: string): LinkReading {
  const found = readings.find(({ facts }) => facts.interface === name);
  assert.ok(found, `${name} is not among ${readings.map(({ key }) => key)}`);
  return found as LinkReading;
}

test.before(() => {
  host = lab.add('host');
  wan = lab.add('wan');
  lab.connect(`${host} up0 198.51.100.65/30`, `${wan} eth0 198.51.100.66/30`);
  lab.ip(host, 'route add default via 198.51.100.66');
  // Containers' bridge.
  lab.ip(host, 'link add br0 type bridge');
  lab.ip(host, 'addr add 198.51.100.81/28 dev br0');
  lab.ip(host, 'link set br0 up');
});

test.before.each(() => {
  meter = startMeter();
});

test.after.each(() => {
  meter.stop();
});

test.after(() => {
  lab.clear();
});

test('uplinks are what a gateway is behind', () => {
  assert.equal(
    meter.uplinks().map(({ interface: name, kind, tunnel, up }) => ({ name, kind, tunnel, up })),
    [{ name: 'up0', kind: 'veth', tunnel: false, up: true }],
  );
  assert.is(meter.uplinks()[0]!.mtu, 1500);
});

test('ways out', () => {
  const way = (address: string) => {
    const { type, link, gateway, beyond, uplink } = meter.route(address);
    return [type, link, gateway, beyond, uplink];
  };
  assert.equal(way('203.0.113.9'), ['unicast', 'up0', '198.51.100.66', true, 'up0']);
  assert.equal(way('198.51.100.66'), ['unicast', 'up0', undefined, false, 'up0']);
  assert.equal(way('198.51.100.65'), ['local', 'lo', undefined, false, undefined]);
  assert.equal(way('198.51.100.82'), ['unicast', 'br0', undefined, false, undefined]);
  assert.equal(way('198.51.100.67'), ['broadcast', 'up0', undefined, false, 'up0']);
  assert.equal(way('2001:db8::1'), ['unreachable', undefined, undefined, false, undefined]);
  assert.equal(way('no address'), ['unreachable', undefined, undefined, false, undefined]);
});

test('the host’s own addresses', () => {
  assert.equal(
    meter.addresses().map(({ address, prefixBits }) => `${address}/${prefixBits}`),
    ['127.0.0.1/8', '198.51.100.65/30', '198.51.100.81/28'],
  );
});

test('rules and other tables decide as they do for packets', () => {
  assert.is(meter.route('203.0.113.9').link, 'up0');
  const before = meter.generation;
  lab.ip(host, 'route add 203.0.113.0/24 via 198.51.100.82 dev br0 table 77');
  lab.ip(host, 'rule add to 203.0.113.8/29 lookup 77');
  try {
    assert.is(meter.route('203.0.113.9').link, 'up0');
    meter.sample();
    assert.is.not(meter.generation, before);
    assert.is(meter.route('203.0.113.9').link, 'up0', 'until this sample it was the way');
    const noticed = meter.generation;
    meter.sample();
    assert.is.not(meter.generation, noticed);
    assert.equal([meter.route('203.0.113.9').link, meter.route('203.0.113.9').beyond], ['br0', true]);
    assert.is(meter.route('203.0.113.99').link, 'up0');
  } finally {
    lab.ip(host, 'rule del to 203.0.113.8/29 lookup 77');
    lab.ip(host, 'route flush table 77');
  }
  meter.sample();
  meter.route('203.0.113.9');
  meter.sample();
  assert.is(meter.route('203.0.113.9').link, 'up0');
});

test('a blocked destination is unreachable', () => {
  assert.is(meter.route('203.0.113.9').type, 'unicast');
  for (const kind of ['unreachable', 'blackhole', 'prohibit']) {
    lab.ip(host, `route add ${kind} 203.0.113.9`);
    try {
      meter.sample();
      meter.sample();
      assert.is(meter.route('203.0.113.9').type, 'unreachable', kind);
    } finally {
      lab.ip(host, `route del ${kind} 203.0.113.9`);
    }
  }
});

test('containers that come and go leave the known ways alone', () => {
  meter.route('203.0.113.9');
  meter.sample();
  const before = meter.generation;
  const container = lab.add('passing');
  lab.ip(host, `link add veth9 type veth peer name eth0 netns ${container}`);
  lab.ip(host, 'link set veth9 master br0 up');
  lab.ip(container, 'link set eth0 up');
  meter.sample();
  lab.ip(host, 'link del veth9');
  lab.remove(container);
  meter.sample();
  assert.is(meter.generation, before);
});

test('a way that is lost holds for the tick in which it went', () => {
  const other = lab.add('other');
  lab.connect(`${host} up2 198.51.100.69/30`, `${other} eth0 198.51.100.70/30`);
  lab.ip(host, 'route add 203.0.113.9 via 198.51.100.70');
  lab.ip(host, 'route del default');
  try {
    meter.sample();
    assert.is(meter.route('203.0.113.9').uplink, 'up2');
    lab.remove(other);
    // Namespaces are taken down in the background.
    lab.run(host, 'sh', '-c', 'while [ -e /sys/class/net/up2 ]; do sleep 0.02; done');
    meter.sample();
    assert.is(meter.route('203.0.113.9').uplink, 'up2');
    const before = meter.generation;
    meter.sample();
    assert.is.not(meter.generation, before);
    assert.is(meter.route('203.0.113.9').type, 'unreachable');
  } finally {
    lab.ip(host, 'route add default via 198.51.100.66');
  }
});

test("counters are the kernel's own", () => {
  meter.sample();
  lab.sendDatagrams(host, '198.51.100.66', 20, 1000);
  lab.sendDatagrams(wan, '198.51.100.65', 3, 100);
  const { counters, born, gone } = reading(meter.sample(), 'up0');
  assert.equal({ ...counters, txDropped: undefined }, { ...lab.counters(host, 'up0'), txDropped: undefined });
  assert.is(counters.txDropped, 0);
  assert.equal([born, gone], [undefined, false]);
});

test('what a qdisc dropped was counted at the socket, and is told', () => {
  const first = reading(meter.sample(), 'up0').counters.txDropped!;
  lab.run(
    host,
    'tc',
    'qdisc',
    'add',
    'dev',
    'up0',
    'root',
    'tbf',
    'rate',
    '80kbit',
    'burst',
    '3000',
    'limit',
    '3000',
  );
  let dropped = 0;
  try {
    meter.sample();
    lab.sendDatagrams(host, '198.51.100.66', 50, 1000);
    const drops = lab.run(host, 'tc', '-s', '-j', 'qdisc', 'show', 'dev', 'up0');
    dropped = (JSON.parse(drops) as { drops: number }[])[0]!.drops;
    assert.ok(dropped > 10);
    assert.is(reading(meter.sample(), 'up0').counters.txDropped! - first, dropped);
  } finally {
    lab.run(host, 'tc', 'qdisc', 'del', 'dev', 'up0', 'root');
  }
  // The queue is gone, and what it dropped is not forgotten.
  assert.is(reading(meter.sample(), 'up0').counters.txDropped! - first, dropped);
});

test('a link that vanishes has its last word, and its namesake begins anew', () => {
  const phone = lab.add('phone');
  const plug = (): void => {
    lab.connect(`${host} usb0 198.51.100.69/30`, `${phone} eth0 198.51.100.70/30`);
    lab.ip(host, 'route add 203.0.113.0/24 via 198.51.100.70');
  };
  plug();
  const appeared = reading(meter.sample(), 'usb0');
  assert.is(appeared.born?.txBytes, 0);
  lab.sendDatagrams(host, '198.51.100.70', 10, 1000);
  const running = reading(meter.sample(), 'usb0');
  lab.sendDatagrams(host, '198.51.100.70', 7, 1000);
  lab.ip(host, 'link del usb0');
  plug();
  lab.sendDatagrams(host, '198.51.100.70', 2, 1000);
  const readings = meter.sample().filter(({ facts }) => facts.interface === 'usb0');
  const [last, next] = readings as [LinkReading, LinkReading];
  assert.is(readings.length, 2);
  assert.equal([last.gone, last.key], [true, appeared.key]);
  assert.is(linkDelta(running.counters, last.counters, 1000)?.txBytes, 7 * 1042);
  assert.is(next.gone, false);
  assert.is.not(next.key, last.key);
  assert.is(linkDelta(next.born, next.counters, 1000)?.txBytes, 2 * 1042);
  lab.ip(host, 'link del usb0');
  lab.remove(phone);
  assert.is(reading(meter.sample(), 'usb0').gone, true);
  assert.not(meter.sample().some(({ facts }) => facts.interface === 'usb0'));
});

test('an uplink stays one after its last route is gone', () => {
  lab.ip(host, 'route del default');
  try {
    reading(meter.sample(), 'up0');
    const other = startMeter();
    assert.equal(other.uplinks(), []);
    other.stop();
  } finally {
    lab.ip(host, 'route add default via 198.51.100.66');
  }
});

test('a chosen interface, and one that does not exist', () => {
  const chosen = startMeter(['br0']);
  assert.equal(
    chosen.sample().map(({ facts }) => facts.interface),
    ['br0'],
  );
  assert.is(chosen.route('203.0.113.9').uplink, undefined);
  chosen.stop();
  try {
    startMeter(['nope0']);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, NetmeterError);
    assert.is((error as NetmeterError).code, 'link-missing');
    assert.match((error as NetmeterError).hint!, /interfaces here: .*br0, lo.*up0/);
  }
});

test('devices that merge packets are told from those that do not', () => {
  const ethtool = (value: string) =>
    lab.run(host, 'ethtool', '-K', 'up0', 'tso', value, 'gso', value, 'tx-udp-segmentation', value);
  ethtool('on');
  const merging = lab.inside(host, () => meter.mergingFeatures('up0'));
  assert.ok(merging?.includes('tx-tcp-segmentation'));
  assert.ok(merging?.includes('tx-udp-segmentation'));
  ethtool('off');
  assert.equal(
    lab.inside(host, () => meter.mergingFeatures('up0')),
    [],
  );
  assert.is(meter.mergingFeatures('nope0'), undefined);
});

test('a tunnel of the kernel adds up with the headers that it is known to add', () => {
  lab.ip(host, 'link add vx0 type vxlan id 7 remote 198.51.100.66 dstport 4789 dev up0');
  try {
    lab.ip(host, 'addr add 198.51.100.73/30 dev vx0');
    lab.ip(host, 'link set vx0 up');
    lab.ip(host, 'neigh add 198.51.100.74 lladdr 02:00:00:00:00:07 dev vx0');
    const before = reading(meter.sample(), 'up0');
    assert.is(reading(meter.sample(), 'vx0').facts.tunnel, true);
    assert.equal(meter.tunnels(), [{ tunnel: 'vx0', over: 'up0', headerBytes: 50 }]);
    assert.equal([meter.route('198.51.100.74').viaTunnel, meter.route('198.51.100.74').beyond], [true, true]);

    lab.sendDatagrams(host, '198.51.100.74', 1200, 500);
    const delta = linkDelta(before.counters, reading(meter.sample(), 'up0').counters, 1000)!;
    // What comes back are errors, since nobody listens there.
    const counted = { ...delta, rxBytes: 0, rxPackets: 0 };
    const inner = { ...noTraffic(), txBytes: 1200 * 528, txPackets: 1200 };
    const link = { counted, owners: noTraffic(), tunnels: [{ inner, headerBytes: 50, outer: undefined }] };
    const tx = calibrate(uncalibrated(), {
      linkBytes: counted.txBytes,
      linkPackets: counted.txPackets,
      ownerBytes: inner.txBytes + 1200 * 50,
      ownerPackets: inner.txPackets,
    });
    assert.is(tx.headerBytes, 14);
    const result = reconcile(link, { rx: uncalibrated(), tx, packetsComparable: true });
    assert.is(result.tunnelOverheadBytes, 60_000);
    assert.is(result.unattributedBytes, 0);
    assert.is(result.attributedPackets, result.linkPackets);
  } finally {
    lab.ip(host, 'link del vx0');
  }
});

test('tun is a tunnel, tap is one unless it is a port of a bridge', () => {
  lab.ip(host, 'tuntap add dev tun7 mode tun');
  lab.ip(host, 'tuntap add dev tap7 mode tap');
  lab.ip(host, 'tuntap add dev tap8 mode tap');
  try {
    lab.ip(host, 'link set tap8 master br0');
    meter.stop();
    meter = startMeter(['tun7', 'tap7', 'tap8']);
    const tunnels = Object.fromEntries(meter.uplinks().map((facts) => [facts.interface, facts.tunnel]));
    assert.equal(tunnels, { tun7: true, tap7: true, tap8: false });
    assert.is(meter.tunnels()[0]!.headerBytes, undefined);
  } finally {
    for (const name of ['tun7', 'tap7', 'tap8']) lab.ip(host, `link del ${name}`);
  }
});

test('sysfs tells what a driver says of its device', () => {
  const sysRoot = mkdtempSync(join(tmpdir(), 'netmeter-sys-'));
  lab.ip(host, 'tuntap add dev wl7 mode tap');
  try {
    lab.ip(host, 'link set wl7 master br0');
    mkdirSync(join(sysRoot, 'class/net/wl7'), { recursive: true });
    writeFileSync(join(sysRoot, 'class/net/wl7/uevent'), 'DEVTYPE=wlan\nINTERFACE=wl7\nIFINDEX=9\n');
    meter.stop();
    meter = new LinkMeter({ links: ['wl7'], sysRoot });
    lab.inside(host, () => meter.start());
    assert.is(meter.uplinks()[0]?.kind, 'wireless');
  } finally {
    lab.ip(host, 'link del wl7');
    rmSync(sysRoot, { recursive: true });
  }
});

function socketOf(fd: string): string[] {
  try {
    const target = readlinkSync(`/proc/self/fd/${fd}`);
    return target.startsWith('socket:') ? [target] : [];
  } catch {
    // The one that lists the directory.
    return [];
  }
}

test('nothing is left open, and a stopped meter says so', () => {
  const sockets = (): string[] => readdirSync('/proc/self/fd').flatMap(socketOf);
  meter.stop();
  const before = sockets();
  meter = startMeter();
  meter.sample();
  meter.stop();
  meter.stop();
  assert.equal(sockets(), before);
  assert.throws(() => meter.sample(), /not started/);
});

test.run();
