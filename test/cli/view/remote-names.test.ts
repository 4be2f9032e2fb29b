import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namesText } from '../../../cli/view/remote-names.js';
import type { RemoteDocument } from '../../../src/protocol/documents.js';

function remote(
  name: string | null,
  rxBytes: number,
  where: RemoteDocument['class'] = 'wan',
): RemoteDocument {
  const place = { address: '192.0.2.1', port: 443, protocol: 'tcp', class: where };
  return { ...place, name, nameSource: name === null ? null : 'dns', rxBytes, txBytes: 0 };
}

test('names with their bytes, those of one name added up, most first, the rest counted', () => {
  const remotes = [
    remote('b.example', 1_000),
    remote('a.example', 700),
    remote('a.example', 700),
    remote(null, 9_000),
    remote('c.example', 3),
    remote('d.example', 2),
    remote('localhost', 5_000, 'local'),
  ];
  assert.is(namesText(remotes), 'a.example 1.40 kB, b.example 1.00 kB, c.example 3 B, and 1 more');
});

test('nothing where no name is known; hostile names are escaped', () => {
  assert.is(namesText([remote(null, 9_000)]), '');
  assert.is(namesText([remote('\u001b[31mred', 1)]), '\\e[31mred 1 B');
});

test('a name that was not heard has a question mark, and bytes of its own', () => {
  const meant = { ...remote('a.example', 500), nameSource: 'instruction' };
  assert.is(namesText([meant, remote('a.example', 700)]), 'a.example 700 B, a.example? 500 B');
});

test.run();
