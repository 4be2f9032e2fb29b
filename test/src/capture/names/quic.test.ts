import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quicCrypto } from '../../../../cli/capture/quic-crypto.js';
import { clientKeys, quicVersion } from '../../../../src/capture/names/quic-keys.js';
import { ipv4, udp } from '../packets.js';
import { namesIn } from './find.js';
import { clientHello } from './hello.js';
import { crypto, ID, initial, SENDERS, VERSION_2 } from './quic-initial.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('keys as in RFC 9001, appendix A.1, and RFC 9369, appendix A.1', () => {
  const id = Buffer.from('8394c8f03e515708', 'hex');
  const expected: [number, string, string, string][] = [
    [1, '1f369613dd76d5467730efcbe3b1a22d', 'fa044b2f42a3fd3b46fb255c', '9f50449e04a0e810283a1e9933adedd2'],
    [
      VERSION_2,
      '8b1a0bc121284290a29e0971b5cd045d',
      '91f73e2351d8fa91660e909f',
      '45b95e15235d6f45a6b19cbcb0294ba9',
    ],
  ];
  for (const [version, key, iv, headerProtection] of expected) {
    const keys = clientKeys(quicVersion(version)!, id, quicCrypto);
    assert.equal([hex(keys.key), hex(keys.iv), hex(keys.headerProtection)], [key, iv, headerProtection]);
  }
});

const datagram = (packet: Buffer) => ipv4(udp(packet, 40_000, 443));
const EXPECTED = ['quic-sni cdn.example 198.51.100.2'];

test('the name in an Initial packet of each version', () => {
  const hello = clientHello('cdn.example', 200);
  for (const sender of SENDERS) {
    assert.equal(namesIn([datagram(initial(sender, crypto(hello, 0, hello.length)))]), EXPECTED);
  }
});

test('frames in any order, mixed with others, and over several packets', () => {
  const hello = clientHello('cdn.example', 1500);
  const mixed = Buffer.concat([
    Buffer.from([1, 0, 0]),
    crypto(hello, 900, 1000),
    Buffer.from([2, 0x40, 5, 3, 1, 2, 7, 9]),
    crypto(hello, 0, 400),
    Buffer.from([1]),
    crypto(hello, 400, 900),
  ]);
  const rest = crypto(hello, 1000, hello.length);
  for (const sender of SENDERS) {
    const [one, two] = [datagram(initial(sender, mixed, 1)), datagram(initial(sender, rest, 2))];
    assert.equal(namesIn([one, two]), EXPECTED);
    assert.equal(namesIn([two, one]), EXPECTED);
    assert.equal(namesIn([one]), []);
  }
});

test("after the server chose an id, the first id's keys go on", () => {
  const hello = clientHello('cdn.example', 1500);
  const sender = SENDERS[0]!;
  const second = initial(sender, crypto(hello, 800, hello.length), 1, ID, Buffer.from('ffeeddcc', 'hex'));
  assert.equal(namesIn([datagram(initial(sender, crypto(hello, 0, 800), 0)), datagram(second)]), EXPECTED);
});

test('what cannot be opened is left alone', () => {
  const hello = clientHello('cdn.example');
  const packet = initial(SENDERS[0]!, crypto(hello, 0, hello.length));
  for (let at = 0; at < packet.length; at += 13) {
    const broken = Buffer.from(packet);
    broken[at]! ^= 0x40;
    assert.equal(namesIn([datagram(broken)]), [], `${at}`);
  }
  for (const cut of [0, 5, 20, 40, 60, packet.length - 1]) {
    assert.equal(namesIn([datagram(packet.subarray(0, cut))]), []);
  }
});

test.run();
