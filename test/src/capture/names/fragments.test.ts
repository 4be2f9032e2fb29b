import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { be16, ipv4, ipv6, udp } from '../packets.js';
import { dnsMessage, domain } from './dns-message.js';
import { namesIn } from './find.js';

const LAST = domain('last.test');
const DATAGRAM = udp(dnsMessage([...new Array(20).fill(domain('x'.repeat(60))), LAST], []), 53, 9);
const FOUND = [`dns ${'x'.repeat(60)}`, 'dns last.test'];
const MORE = 0x2000;

const v4 = (from: number, to: number, identification = 7) => {
  const more = to < DATAGRAM.length ? MORE : 0;
  const packet = ipv4(DATAGRAM.subarray(from, to), { fragmentOffset: more | (from / 8) });
  packet.writeUInt16BE(identification, 4);
  return packet;
};
const v6 = (from: number, to: number) => {
  const more = to < DATAGRAM.length ? 1 : 0;
  const header = Buffer.concat([Buffer.from([17, 0]), be16(from | more), Buffer.from([0, 0, 0, 7])]);
  return ipv6(Buffer.concat([header, DATAGRAM.subarray(from, to)]), 44);
};

for (const [version, part] of [
  ['IPv4', v4],
  ['IPv6', v6],
] as const) {
  test(`names in fragments of ${version}, in any order and repeated`, () => {
    const parts = [part(0, 400), part(400, 800), part(800, DATAGRAM.length)] as const;
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 1, 1, 0],
      [0, 2, 2, 1],
    ]) {
      assert.equal(namesIn(order.map((place) => parts[place]!)), FOUND, order.join());
    }
    assert.not.ok(namesIn([parts[0], parts[2]]).includes('dns last.test'));
  });
}

test('fragments of different packets are not mixed', () => {
  assert.not.ok(namesIn([v4(0, 400, 1), v4(400, DATAGRAM.length, 2)]).includes('dns last.test'));
});

test('a flood of unfinished packets does not keep later ones from being read', () => {
  const flood = Array.from({ length: 500 }, (_, number) => v4(0, 400, 1000 + number));
  assert.equal(namesIn([...flood, v4(0, 400), v4(400, DATAGRAM.length)]), FOUND);
});

test.run();
