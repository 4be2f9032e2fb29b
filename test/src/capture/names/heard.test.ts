import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quicCrypto } from '../../../../cli/capture/quic-crypto.js';
import {
  nameInHello,
  nameInQuic,
  namesInDns,
  namesInDnsStream,
} from '../../../../src/capture/names/heard.js';
import { QuicNames } from '../../../../src/capture/names/quic.js';
import { clientHello } from './hello.js';
import { crypto, initial, SENDERS } from './quic-initial.js';

/** `deb.debian.org` is an alias of `debian.map.fastly.net`, which has one address of each kind. */
const ANSWER = Buffer.from(
  '000181800001000300000000' +
    '03646562064465626961' +
    '6e036f72670000010001' +
    'c00c000500010000003c0017' +
    '0664656269616e036d617006666173746c79036e657400' +
    'c02c00010001000000050004976502e4' +
    'c02c001c0001000000050010' +
    '2a044e42000000000000000000000644',
  'hex',
);

test('an answer names its addresses by what was asked for', () => {
  assert.equal(namesInDns(ANSWER), [
    { address: '151.101.2.228', name: 'deb.debian.org', source: 'dns' },
    { address: '2a04:4e42::644', name: 'deb.debian.org', source: 'dns' },
  ]);
});

test('questions, what is cut off, and what is no DNS name nothing', () => {
  const question = Buffer.from(ANSWER);
  question[2] = 1;
  assert.equal(namesInDns(question), []);
  for (let length = 0; length < ANSWER.length - 28; length++) {
    assert.equal(namesInDns(ANSWER.subarray(0, length)), [], String(length));
  }
  assert.equal(namesInDns(Buffer.from('GET / HTTP/1.1')), []);
  assert.equal(nameInHello(Buffer.from('GET / HTTP/1.1'), '192.0.2.1'), []);
});

test('answers over TCP, behind their length or without it', () => {
  const length = Buffer.from([0, ANSWER.length]);
  const names = namesInDns(ANSWER);
  assert.equal(namesInDnsStream(Buffer.concat([length, ANSWER])), names);
  assert.equal(namesInDnsStream(Buffer.concat([length, ANSWER, length, ANSWER])), names, 'the first of two');
  assert.equal(namesInDnsStream(ANSWER), names);
  for (const none of [Buffer.alloc(0), length, Buffer.from([1]), Buffer.from([0xff, 0xff, 0, 0])]) {
    assert.equal(namesInDnsStream(none), []);
  }
});

test('what QUIC clients say first, in one packet or two, of many at once', () => {
  const quic = new QuicNames(quicCrypto);
  const [sender] = SENDERS;
  const hear = (packet: Buffer, address = '192.0.2.1') => nameInQuic(quic, packet, address);
  const short = clientHello('One.example', 100);
  const expected = (name: string) => [{ address: '192.0.2.1', name, source: 'quic-sni' }];
  assert.equal(hear(initial(sender!, crypto(short, 0, short.length))), expected('one.example'));
  const ids = Array.from({ length: 20 }, (_, at) => Buffer.from([at + 100, 2, 3, 4, 5, 6, 7, 8]));
  const hellos = ids.map((_, at) => clientHello(`h${at}.example`, 1_500));
  const part = (at: number, from: number, to: number, number: number) =>
    initial(sender!, crypto(hellos[at]!, from, to), number, ids[at], ids[at]);
  for (const at of hellos.keys()) assert.equal(hear(part(at, 0, 900, 0)), []);
  for (const [at, hello] of hellos.entries()) {
    assert.equal(hear(part(at, 900, hello.length, 1)), expected(`h${at}.example`));
  }
  assert.equal(hear(Buffer.from('GET / HTTP/1.1'.padEnd(1_300))), []);
  assert.equal(hear(Buffer.alloc(1_300, 0xc3)), []);
});

test.run();
