// What makes a link metered, and what it is called.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dhclientLease, dhcpPacketLease, networkdLease } from '../../../src/links/lease.js';
import { linkName } from '../../../src/links/link-name.js';
import { judgeMetered, type MeteredFacts } from '../../../src/links/metered.js';
import { phoneName } from '../../../src/links/phone.js';

const NOTHING: MeteredFacts = {
  user: undefined,
  networkManager: undefined,
  lease: undefined,
  driver: undefined,
  deviceType: undefined,
  phone: undefined,
  addresses: [],
};
const judge = (facts: Partial<MeteredFacts>) => judgeMetered({ ...NOTHING, ...facts });

const VERDICTS: [facts: Partial<MeteredFacts>, metered: boolean | null, because: RegExp][] = [
  [{}, null, /nothing tells/],
  [{ user: true, networkManager: 2 }, true, /you said that it is metered/],
  [{ user: false, networkManager: 1, driver: 'ipheth' }, false, /you said that it is not/],
  [{ networkManager: 1 }, true, /NetworkManager says that it is metered/],
  [{ networkManager: 3 }, true, /NetworkManager guesses/],
  [{ networkManager: 2, driver: 'ipheth' }, false, /NetworkManager says that it is not/],
  [{ networkManager: 0 }, false, /does not say/],
  [{ networkManager: 4 }, false, /does not say/],
  [{ networkManager: 4, addresses: ['172.20.10.3'] }, true, /iPhone's hotspot/],
  [{ networkManager: 0, lease: '/run/lease' }, true, /ANDROID_METERED \(\/run\/lease\)/],
  [{ driver: 'ipheth' }, true, /ipheth/],
  [{ driver: 'rndis_host' }, true, /rndis_host/],
  [{ driver: 'cdc_ether' }, null, /nothing tells/],
  [{ driver: 'cdc_ether', phone: 'Pixel 7' }, true, /tethered by USB to Pixel 7/],
  [{ driver: 'cdc_ncm', phone: 'Pixel 7' }, true, /cdc_ncm/],
  [{ driver: 'r8152', phone: 'Galaxy' }, null, /nothing tells/],
  [{ driver: 'qmi_wwan' }, true, /qmi_wwan/],
  [{ deviceType: 'wwan' }, true, /modem/],
  [{ deviceType: 'bluetooth' }, true, /Bluetooth/],
  [{ deviceType: 'wlan', driver: 'iwlwifi', addresses: ['192.168.1.7', 'fe80::1'] }, null, /nothing tells/],
  [{ addresses: ['172.20.10.15'] }, true, /172\.20\.10\.0\/28/],
  [{ addresses: ['172.20.10.16'] }, null, /nothing tells/],
  [{ addresses: ['172.20.100.2'] }, null, /nothing tells/],
];

for (const [facts, metered, because] of VERDICTS) {
  test(`${JSON.stringify(facts)}: ${metered}`, () => {
    const verdict = judge(facts);
    assert.is(verdict.metered, metered);
    assert.match(verdict.because, because);
  });
}

const recorded = (name: string) => readFileSync(new URL(`../../fixtures/leases/${name}`, import.meta.url));

test("leases as dhclient and dhcpcd kept them, with Android's option and without", () => {
  for (const [kind, metered] of [
    ['metered', true],
    ['plain', false],
  ] as const) {
    const dhclient = dhclientLease(recorded(`dhclient-${kind}.leases`).toString(), 'wlan7');
    assert.is(dhclient.metered, metered);
    assert.match(dhclient.address ?? '', /^192\.168\.43\.5\d$|^192\.168\.43\.60$/);
    const dhcpcd = dhcpPacketLease(recorded(`dhcpcd-${kind}.lease`));
    assert.is(dhcpcd.metered, metered);
    assert.match(dhcpcd.address ?? '', /^192\.168\.43\.5\d$|^192\.168\.43\.60$/);
  }
});

test("dhclient's file keeps old leases and those of other interfaces: the interface's last one counts", () => {
  const metered = recorded('dhclient-metered.leases').toString();
  const plain = recorded('dhclient-plain.leases').toString();
  assert.is(dhclientLease(metered + plain, 'wlan7').metered, false);
  assert.is(dhclientLease(plain + metered, 'wlan7').metered, true);
  assert.is(dhclientLease(metered + plain.replace('wlan7', 'eth7'), 'wlan7').metered, true);
  assert.equal(dhclientLease(metered, 'wlan8'), { address: undefined, metered: false });
});

test('a lease of systemd-networkd, whose option is in hex', () => {
  const lease = (option: string) =>
    `# This is private data. Do not parse.\nADDRESS=192.168.43.7\n${option}T1=1800\n`;
  const hex = Buffer.from('ANDROID_METERED').toString('hex');
  assert.equal(networkdLease(lease(`VENDOR_SPECIFIC=${hex}\n`)), { address: '192.168.43.7', metered: true });
  assert.is(networkdLease(lease('VENDOR_SPECIFIC=0104deadbeef\n')).metered, false);
  assert.is(networkdLease(lease('')).metered, false);
});

test('a damaged lease says nothing', () => {
  const packet = recorded('dhcpcd-metered.lease');
  for (let length = 0; length < packet.length; length++) dhcpPacketLease(packet.subarray(0, length));
  assert.is(dhcpPacketLease(packet.subarray(0, 240)).metered, false);
  assert.is(dhcpPacketLease(new Uint8Array(1000).fill(43)).metered, false);
  assert.equal(dhclientLease('lease {\n  interface "wlan7";', 'wlan7'), {
    address: undefined,
    metered: false,
  });
});

test('phones and modems are told from docks that use the same drivers', () => {
  assert.is(phoneName({ vendor: '18d1', manufacturer: 'Google', product: 'Pixel 7' }), 'Pixel 7');
  assert.is(phoneName({ vendor: '04E8', manufacturer: undefined, product: undefined }), 'Samsung');
  assert.is(
    phoneName({ vendor: 'ffff', manufacturer: 'Noname', product: 'Android Phone X' }),
    'Android Phone X',
  );
  assert.is(phoneName({ vendor: '17ef', manufacturer: 'Lenovo', product: 'USB-C Dock Ethernet' }), undefined);
  assert.is(phoneName({ vendor: undefined, manufacturer: undefined, product: undefined }), undefined);
});

const bytes = (text: string) => new TextEncoder().encode(text);
const named = (ssid: Uint8Array | undefined, device?: string) =>
  linkName({ interface: 'wlan0', ssid, device }, new Set(['lo', 'wlan0', 'eth0']));

test('a link is called by its network, its phone, its interface', () => {
  assert.is(named(bytes('Annas Hotspot é')), 'Annas Hotspot é');
  assert.is(named(undefined, 'Pixel 7'), 'Pixel 7');
  assert.is(named(undefined), 'wlan0');
  assert.is(named(new Uint8Array(8)), 'wlan0', 'a hidden network');
  assert.is(named(bytes('  ')), 'wlan0');
});

test('whatever neighbours call their networks, it is one line, and no other link', () => {
  assert.is(named(bytes('eth0')), 'eth0 (wlan0)');
  assert.is(named(bytes('a\u001b[2Jb\nc')), 'a\\e[2Jb\\nc');
  assert.is(named(Uint8Array.from([0xff, 0xfe, 0x41])), 'fffe41');
});

test.run();
