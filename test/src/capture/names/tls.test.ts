import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ipv4, tcp, udp } from '../packets.js';
import { namesIn } from './find.js';
import { clientHello, records } from './hello.js';

const segment = (bytes: Buffer, sequence = 1) => ipv4(tcp(bytes, sequence), { protocol: 6 });
const EXPECTED = ['tls-sni registry.npmjs.org 198.51.100.2'];
const HELLO = records(clientHello('Registry.npmjs.org', 300));

test('the name a client asks for', () => {
  assert.equal(namesIn([segment(HELLO)]), EXPECTED);
  assert.equal(namesIn([segment(records(clientHello(undefined)))]), []);
  assert.equal(namesIn([segment(Buffer.concat([HELLO, Buffer.from([23, 3, 3, 0, 1, 9])]))]), EXPECTED);
});

test('across segments cut anywhere, also around the end of the sequence numbers', () => {
  for (const start of [1, 0xffff_ff80]) {
    for (let cut = 3; cut < HELLO.length; cut++) {
      const parts = [segment(HELLO.subarray(0, cut), start), segment(HELLO.subarray(cut), start + cut)];
      assert.equal(namesIn(parts), EXPECTED, `${cut}`);
    }
  }
});

test('segments that come late, twice, or overlap', () => {
  const part = (from: number, to: number) => segment(HELLO.subarray(from, to), 1000 + from);
  assert.equal(namesIn([part(0, 50), part(200, HELLO.length), part(100, 200), part(50, 100)]), EXPECTED);
  assert.equal(namesIn([part(0, 50), part(0, 50), part(30, 120), part(100, HELLO.length)]), EXPECTED);
});

test('a message over several records', () => {
  assert.equal(namesIn([segment(records(clientHello('Registry.npmjs.org', 300), 64))]), EXPECTED);
});

test('a hello that is cut off gives no half of a name', () => {
  for (let cut = 0; cut < HELLO.length; cut++) {
    const found = namesIn([segment(HELLO.subarray(0, cut))]);
    assert.ok(found.length === 0 || found[0] === EXPECTED[0], `${cut}`);
  }
});

test('escape sequences in a name do not survive', () => {
  assert.equal(namesIn([segment(records(clientHello('\x1b]0;x\x07.test')))]), [
    'tls-sni \\027]0;x\\007.test 198.51.100.2',
  ]);
});

test('behind a CONNECT, the proxy does not get the name of the server', () => {
  const connect = Buffer.from('CONNECT pypi.org:443 HTTP/1.1\r\nHost: pypi.org:443\r\n\r\n');
  const hello = segment(records(clientHello('pypi.org')), 1 + connect.length);
  assert.equal(namesIn([segment(connect), hello]), ['http-host pypi.org', 'tls-sni pypi.org']);
});

test('inside of tunnels, with the inner address', () => {
  const inside = segment(HELLO);
  const gtp = Buffer.concat([Buffer.from([0x30, 0xff, 0, 0, 0, 0, 0, 1]), inside]);
  for (const outer of [
    ipv4(inside, { protocol: 4, to: '192.0.2.99' }),
    ipv4(Buffer.concat([Buffer.from('00000800', 'hex'), inside]), { protocol: 47, to: '192.0.2.99' }),
    ipv4(udp(gtp, 1, 2152), { to: '192.0.2.99' }),
  ]) {
    assert.equal(namesIn([outer]), EXPECTED);
  }
});

test.run();
