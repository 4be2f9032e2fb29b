import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ipv4, tcp } from '../packets.js';
import { namesIn } from './find.js';

const segment = (text: string, sequence = 1) =>
  ipv4(tcp(Buffer.from(text, 'latin1'), sequence, 40_000, 80), { protocol: 6 });
const found = (text: string) => namesIn([segment(text)]);

test('the Host of a request, without its port', () => {
  const cases: [string, string[]][] = [
    ['GET / HTTP/1.1\r\nHost: deb.debian.org\r\n\r\n', ['http-host deb.debian.org 198.51.100.2']],
    [
      'GET / HTTP/1.1\r\nAccept: *\r\nhOsT:Deb.Debian.org:8080 \r\n\r\n',
      ['http-host deb.debian.org 198.51.100.2'],
    ],
    ['POST /x HTTP/1.0\nHost: a.test\n\n', ['http-host a.test 198.51.100.2']],
    ['GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n', ['http-host 2001:db8::1 198.51.100.2']],
    ['GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n', ['http-host a.test']],
    ['GET / HTTP/1.1\r\n\r\nHost: body.test\r\n', []],
    ['GET / HTTP/1.1\r\nHost: \x1b[2J\r\n\r\n', []],
    ['GET nonsense\r\nHost: a.test\r\n\r\n', []],
    ['HELLO WORLD', []],
  ];
  for (const [text, expected] of cases) assert.equal(found(text), expected, text);
});

test('across segments', () => {
  const text = 'GET /index HTTP/1.1\r\nHost: deb.debian.org\r\n\r\n';
  for (let cut = 4; cut < text.length; cut++) {
    const names = namesIn([segment(text.slice(0, cut)), segment(text.slice(cut), 1 + cut)]);
    assert.equal(names, ['http-host deb.debian.org 198.51.100.2'], `${cut}`);
  }
});

test('an address in a Host header names no host', () => {
  const names = namesIn([segment('GET / HTTP/1.1\r\nHost: 198.51.100.2\r\n\r\n')]);
  assert.equal(names, ['http-host 198.51.100.2 198.51.100.2']);
});

test.run();
