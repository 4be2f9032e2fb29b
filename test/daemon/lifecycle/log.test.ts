import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatLine, Log } from '../../../daemon/lifecycle/log.js';
import { LogFile } from '../../../daemon/lifecycle/log-file.js';
import { readLog } from '../../../daemon/lifecycle/log-reader.js';
import { NetmeterError } from '../../../src/errors.js';
import { temporaryDir } from '../server/harness.js';

let dir = '';
let path = '';

test.before.each(() => {
  dir = temporaryDir();
  path = `${dir}/netmeter.log`;
});

test.after.each(() => rmSync(dir, { recursive: true, force: true }));

function logFile(maxBytes: number): LogFile {
  return new LogFile({ path, mode: 0o600, gid: undefined, maxBytes, takeStdio: false });
}

test('a line is one line, and harmless to a terminal', () => {
  assert.is(formatLine(0, 'warn', 'plain ü'), '1970-01-01T00:00:00.000Z WARN  plain ü\n');
  assert.is(
    formatLine(0, 'error', 'a\nb\u001b[31m\u202e\u2028\0'),
    '1970-01-01T00:00:00.000Z ERROR a\\nb\\u{1b}[31m\\u{202e}\\u{2028}\\u{0}\n',
  );
  assert.ok(formatLine(0, 'info', 'x'.repeat(1e6)).length < 5000);
});

test('levels, causes, and stacks of bugs only', () => {
  let text = '';
  const log = new Log({ sinks: [{ write: (line) => (text += line) }], level: 'info', now: () => 0 });
  log.debug('hidden');
  log.warn('engine lost', new NetmeterError('engine-unreachable', 'no socket'));
  log.error('tick failed', new NetmeterError('database-locked', 'locked'));
  assert.equal(
    text.split('\n').map((line) => line.slice(25)),
    ['WARN  engine lost: no socket', 'ERROR tick failed: locked', ''],
  );
  log.error('tick failed', new TypeError('x is undefined'));
  assert.match(text, /ERROR {5}at /);
});

test('two files at most, each within its size, and no line lost between them', () => {
  const file = logFile(1000);
  file.open();
  const line = (index: number): string => `${String(index).padStart(99, '.')}\n`;
  for (let index = 0; index < 25; index++) file.write(line(index));
  file.close();
  assert.ok(statSync(path).size <= 1000 && statSync(`${path}.1`).size <= 1000);
  assert.is(existsSync(`${path}.2`), false);
  const both = readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8');
  assert.is(both, Array.from({ length: 15 }, (_, index) => line(index + 10)).join(''));
  assert.is(statSync(path).mode & 0o777, 0o600);
});

test('an earlier log is gone on with, a symbolic link is not followed', () => {
  writeFileSync(path, 'before\n');
  const file = logFile(1000);
  file.open();
  file.write('after\n');
  file.close();
  assert.is(readFileSync(path, 'utf8'), 'before\nafter\n');
  rmSync(path);
  symlinkSync('/etc/passwd', path);
  assert.throws(() => logFile(1000).open(), /ELOOP/);
});

test('a reader gets the last lines, what came since, and the new file after a change', () => {
  assert.equal(readLog(path, {}), { lines: [], cursor: '0:0' });
  const file = logFile(20);
  file.open();
  file.write('one\n');
  file.write('two\n');
  const first = readLog(path, { lines: 1 });
  assert.equal(first.lines, ['two']);
  file.write('three\n');
  const second = readLog(path, { cursor: first.cursor });
  assert.equal(second.lines, ['three']);
  file.write('in the next file\n');
  assert.equal(readLog(path, { cursor: second.cursor }).lines, ['in the next file']);
  file.close();
});

test.run();
