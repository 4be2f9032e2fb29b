import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addressScope,
  canonicalAddress,
  formatAddress,
  inPrefix,
  parseAddress,
} from '../../../src/metering/address.js';

/** The platform's own opinion of how an IPv6 address is written. */
function urlHost(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

function bytesOf(groups: readonly number[]): Uint8Array {
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

test('IPv6 is written as the platform writes it', () => {
  // Zeros are common in addresses, and what compression is about.
  const group = fc.oneof(fc.constant(0), fc.constant(1), fc.nat(0xffff));
  void fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      fc.pre(!(groups[5] === 0xffff && groups.slice(0, 5).every((zero) => zero === 0)));
      assert.is(formatAddress(bytesOf(groups), 0, 16), urlHost(groups));
    }),
  );
});

test('any address survives being written and read', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  void fc.assert(
    fc.property(bytes, (address) => {
      const text = formatAddress(address, 0, address.length as 4 | 16);
      assert.equal(parseAddress(text), address);
    }),
  );
});

test('an address is found within other bytes', () => {
  assert.is(formatAddress(Uint8Array.of(9, 9, 198, 51, 100, 7, 9), 2, 4), '198.51.100.7');
});

test('mapped addresses are IPv4', () => {
  assert.is(canonicalAddress('::ffff:198.51.100.7'), '198.51.100.7');
  assert.is(canonicalAddress('::FFFF:c633:6407'), '198.51.100.7');
  assert.is(formatAddress(bytesOf([0, 0, 0, 0, 0, 0xffff, 0xc633, 0x6407]), 0, 16), '198.51.100.7');
});

test('what is no address is refused', () => {
  const wrong = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    ':',
    ':::',
    '1::2::3',
    '12345::',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '::1.2.3.400',
    'localhost',
  ];
  for (const text of wrong) assert.is(parseAddress(text), undefined, text);
});

test('scopes', () => {
  const scopes: [string, string][] = [
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['128.0.0.1', 'global'],
    ['::1', 'loopback'],
    ['169.254.1.1', 'link-local'],
    ['169.253.1.1', 'global'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'global'],
    ['224.0.0.251', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['223.255.255.255', 'global'],
    ['240.0.0.1', 'global'],
    ['ff02::fb', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['10.1.2.3', 'global'],
    ['2001:db8::1', 'global'],
    ['::ffff:127.0.0.1', 'loopback'],
  ];
  for (const [text, scope] of scopes) assert.is(addressScope(text), scope, text);
});

test('prefixes of any length', () => {
  const within = (address: string, prefix: string, bits: number): boolean =>
    inPrefix(parseAddress(address)!, parseAddress(prefix)!, bits);
  assert.ok(within('198.51.100.66', '198.51.100.64', 30));
  assert.not(within('198.51.100.68', '198.51.100.64', 30));
  assert.ok(within('10.255.0.1', '10.128.0.0', 9));
  assert.not(within('10.127.255.255', '10.128.0.0', 9));
  assert.ok(within('1.2.3.4', '0.0.0.0', 0));
  assert.ok(within('1.2.3.4', '1.2.3.4', 32));
  assert.not(within('1.2.3.5', '1.2.3.4', 32));
  assert.ok(within('2001:db8:1::1', '2001:db8::', 32));
  assert.not(within('1.2.3.4', '::', 0));
});

test.run();
