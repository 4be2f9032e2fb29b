// Devices and leases as files of a sysfs and a root that the test makes: the daemon's own are given, too.
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { deviceFacts } from '../../../../daemon/observe/metered/device-facts.js';
import { LeaseFiles } from '../../../../daemon/observe/metered/lease-files.js';
import { MeteredWatch, type SeenLink } from '../../../../daemon/observe/metered/metered-watch.js';
import { eventually } from './mock-bus.js';

let root = '';

test.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'nm-t-'));
});

test.after.each(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string | Buffer): string {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

/** A network interface of a USB device, as sysfs shows it. */
function usbInterface(name: string, driver: string, device: Record<string, string>): void {
  const usb = join(root, 'sys/devices/pci0000:00/usb1/1-2');
  for (const [file, content] of Object.entries(device))
    write(`sys/devices/pci0000:00/usb1/1-2/${file}`, `${content}\n`);
  mkdirSync(join(usb, '1-2:1.0'), { recursive: true });
  mkdirSync(join(root, `sys/bus/usb/drivers/${driver}`), { recursive: true });
  symlinkSync(join(root, `sys/bus/usb/drivers/${driver}`), join(usb, '1-2:1.0/driver'));
  mkdirSync(join(root, `sys/class/net/${name}`), { recursive: true });
  symlinkSync(join(usb, '1-2:1.0'), join(root, `sys/class/net/${name}/device`));
}

const sys = () => join(root, 'sys');
const recorded = (name: string) => readFileSync(new URL(`../../../fixtures/leases/${name}`, import.meta.url));
const addressOf = (name: string) => /fixed-address ([^;]*)/.exec(recorded(name).toString())?.[1] ?? '';
const DHCLIENT = 'dhclient-metered.leases';

test('a phone behind a USB interface, by its driver and what it calls itself', () => {
  usbInterface('usb0', 'cdc_ncm', { idVendor: '18d1', manufacturer: 'Google', product: 'Pixel 7' });
  assert.equal(deviceFacts(sys(), 'usb0'), { driver: 'cdc_ncm', deviceType: undefined, phone: 'Pixel 7' });
});

test('a modem and an interface of which nothing is known', () => {
  write('sys/class/net/wwan0/uevent', 'DEVTYPE=wwan\nINTERFACE=wwan0\n');
  assert.is(deviceFacts(sys(), 'wwan0').deviceType, 'wwan');
  assert.equal(deviceFacts(sys(), 'nothing0'), {
    driver: undefined,
    deviceType: undefined,
    phone: undefined,
  });
});

test("the present lease counts: one of the interface's own address, the newest of them", () => {
  const leases = new LeaseFiles(root);
  const address = addressOf(DHCLIENT);
  const link = { name: 'wlan7', ifindex: 7, addresses: [address] };
  assert.is(leases.meteredBy(link), undefined);
  const file = write('var/lib/dhcp/dhclient.wlan7.leases', recorded(DHCLIENT));
  assert.is(leases.meteredBy(link), file);
  assert.is(leases.meteredBy({ ...link, addresses: ['192.168.43.200'] }), undefined);
  assert.is(leases.meteredBy({ ...link, name: 'wlan8' }), undefined);
  // The same address at home later, by another client.
  write('run/systemd/netif/leases/7', `ADDRESS=${address}\n`);
  utimesSync(file, 1, 1);
  assert.is(leases.meteredBy(link), undefined);
});

test("each client's files: NetworkManager's two, dhcpcd's with and without a network's name, networkd's", () => {
  const packet = recorded('dhcpcd-metered.lease');
  const address = [...packet.subarray(16, 20)].join('.');
  const networkd = `ADDRESS=${address}\nVENDOR_SPECIFIC=${Buffer.from('ANDROID_METERED').toString('hex')}\n`;
  const dhclient = recorded(DHCLIENT).toString().replace(addressOf(DHCLIENT), address);
  for (const [path, content] of [
    ['var/lib/NetworkManager/internal-6a9-wlan7.lease', networkd],
    ['var/lib/NetworkManager/dhclient-6a9-wlan7.lease', dhclient],
    ['var/lib/dhcpcd/wlan7.lease', packet],
    ['var/lib/dhcpcd/wlan7-Annas Hotspot.lease', packet],
    ['run/systemd/netif/leases/7', networkd],
  ] as const) {
    const file = write(path, content);
    assert.is(new LeaseFiles(root).meteredBy({ name: 'wlan7', ifindex: 7, addresses: [address] }), file);
    rmSync(file);
  }
});

test('without a bus: a lease that is written makes a link metered, a phone gives it its name', async () => {
  usbInterface('usb0', 'cdc_ether', { idVendor: '04e8', product: 'Galaxy S23' });
  mkdirSync(join(root, 'var/lib/dhcp'), { recursive: true });
  let seen: readonly SeenLink[] = [];
  const facts = { kind: 'ethernet', mtu: 1500, up: true, tunnel: false };
  const watch = new MeteredWatch({
    root,
    sysRoot: sys(),
    busAddress: `unix:path=${root}/no-bus`,
    uplinks: () => [
      { ...facts, interface: 'wlan7', ifindex: 7 },
      { ...facts, interface: 'usb0', ifindex: 8 },
    ],
    interfaces: () => ['lo', 'wlan7', 'usb0'],
    addresses: () => [{ ifindex: 7, address: addressOf(DHCLIENT) }],
    defaultInterface: () => 'wlan7',
    onLinks: (links) => {
      seen = links;
    },
  });
  const alive = setInterval(() => {}, 1000);
  try {
    await watch.start();
    assert.equal(
      seen.map(({ name }) => name),
      ['wlan7', 'Galaxy S23'],
    );
    assert.is(seen[0]?.facts.lease, undefined);
    const file = write('var/lib/dhcp/dhclient.wlan7.leases', recorded(DHCLIENT));
    await eventually('the lease to be seen', () => seen[0]?.facts.lease === file);
  } finally {
    watch.stop();
    clearInterval(alive);
  }
});

test.run();
