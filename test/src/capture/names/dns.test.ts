import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { be16, ipv4, tcp, udp } from '../packets.js';
import { dnsMessage, domain } from './dns-message.js';
import { analysisOf, namesIn } from './find.js';

const A = 1;
const CNAME = 5;
const AAAA = 28;
const answer = (message: Buffer) => ipv4(udp(message, 53, 40_000));
/** To offset 12, where the question's name is. */
const POINTER = Buffer.from([0xc0, 12]);

test('an address is known by the name asked for, and by every alias on the way', () => {
  const message = dnsMessage(
    [domain('Deb.Debian.org')],
    [
      { name: POINTER, type: CNAME, data: domain('debian.map.example') },
      { name: domain('debian.map.example'), type: CNAME, data: domain('edge.example') },
      { name: domain('edge.example'), type: A, data: Buffer.from([192, 0, 2, 7]) },
      {
        name: domain('edge.example'),
        type: AAAA,
        data: Buffer.from('20010db8000000000000000000000007', 'hex'),
      },
    ],
  );
  const found = analysisOf([answer(message)]);
  assert.equal(found.names.namesOf('192.0.2.7'), ['deb.debian.org', 'debian.map.example', 'edge.example']);
  assert.equal(found.names.list()[0], {
    name: 'deb.debian.org',
    source: 'dns',
    addresses: ['192.0.2.7', '2001:db8::7'],
  });
});

test('a name that was only asked for has no addresses', () => {
  assert.equal(namesIn([ipv4(udp(dnsMessage([domain('nowhere.test')], [])))]), ['dns nowhere.test']);
});

test('over TCP, also two messages in segments that cut them anywhere', () => {
  const messages = ['one.test', 'two.test'].map((name) => {
    const message = dnsMessage(
      [domain(name)],
      [{ name: POINTER, type: A, data: Buffer.from([192, 0, 2, 1]) }],
    );
    return Buffer.concat([be16(message.length), message]);
  });
  const stream = Buffer.concat(messages);
  for (let cut = 1; cut < stream.length; cut++) {
    const segments = [
      ipv4(tcp(stream.subarray(0, cut), 100, 53, 40_000), { protocol: 6 }),
      ipv4(tcp(stream.subarray(cut), 100 + cut, 53, 40_000), { protocol: 6 }),
    ];
    assert.equal(namesIn(segments), ['dns one.test 192.0.2.1', 'dns two.test 192.0.2.1'], `${cut}`);
  }
});

test('bytes that are no text are written as numbers', () => {
  assert.equal(namesIn([answer(dnsMessage([domain('a\x1b[31m.\xe9 b')], []))]), ['dns a\\027[31m.\\233 b']);
});

test('pointers that loop, point ahead or out, and cut messages give what came before them', () => {
  const good = domain('good.test');
  const bad: Buffer[] = [
    Buffer.from([0xc0, 12 + good.length + 4]),
    Buffer.from([0xc0, 200]),
    Buffer.from([0xff, 0xff]),
    Buffer.concat([Buffer.from([1, 97]), Buffer.from([0xc0, 12 + good.length + 4])]),
    Buffer.from([64, 1, 2]),
  ];
  for (const name of bad) assert.equal(namesIn([answer(dnsMessage([good, name], []))]), ['dns good.test']);
  const message = dnsMessage([good], [{ name: POINTER, type: A, data: Buffer.from([192, 0, 2, 1]) }]);
  for (let cut = 0; cut < message.length; cut++) {
    for (const name of namesIn([answer(message.subarray(0, cut))])) assert.is(name, 'dns good.test');
  }
});

test('names longer than a name may be are none', () => {
  const long = domain(new Array(5).fill('x'.repeat(60)).join('.'));
  assert.equal(namesIn([answer(dnsMessage([long], []))]), []);
});

test.run();
