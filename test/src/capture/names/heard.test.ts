import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nameInHello, namesInDns } from '../../../../src/capture/names/heard.js';

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

test.run();
