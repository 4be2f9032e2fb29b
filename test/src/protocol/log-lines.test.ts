import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type LogQuery, linesIn, readFrom } from '../../../src/protocol/log-lines.js';

/** Reads a text as if it were the file with this inode. */
function read(text: string, query: LogQuery, inode = 1) {
  const bytes = Buffer.from(text);
  const file = { inode, size: bytes.length };
  return linesIn(bytes.subarray(readFrom(file, query)), file, query);
}

test('the last lines, and then those after', () => {
  const first = read('a\nb\nc\n', { lines: 2 });
  assert.equal(first, { lines: ['b', 'c'], cursor: '1:6' });
  assert.equal(read('a\nb\nc\nd\ne\n', { cursor: first.cursor }).lines, ['d', 'e']);
});

test('a line that is still being written waits for its end', () => {
  const first = read('a\nhal', {});
  assert.equal(first, { lines: ['a'], cursor: '1:2' });
  assert.equal(read('a\nhalf\n', { cursor: first.cursor }).lines, ['half']);
});

test('another file, a shorter one and a foreign cursor are read from the beginning', () => {
  assert.equal(read('new\n', { cursor: '1:2' }, 2).lines, ['new']);
  assert.equal(read('new\n', { cursor: '1:200' }).lines, ['new']);
  assert.equal(read('new\n', { cursor: 'nonsense' }).lines, ['new']);
});

test('of a huge log only whole lines of its end are read', () => {
  const line = 'x'.repeat(99);
  const text = `${line}\n`.repeat(4000);
  const { lines, cursor } = read(text, { cursor: '1:0' });
  assert.ok(lines.length > 2000 && lines.length < 2700, `${lines.length} lines`);
  assert.ok(lines.every((each) => each === line));
  assert.is(cursor, '1:400000');
});

test('nothing new is no line and the same cursor', () => {
  assert.equal(read('a\n', { cursor: '1:2' }), { lines: [], cursor: '1:2' });
  assert.equal(read('', {}), { lines: [], cursor: '1:0' });
});

test.run();
