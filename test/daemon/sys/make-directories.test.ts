import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeDirectories } from '../../../daemon/sys/make-directories.js';

const dir = mkdtempSync(join(tmpdir(), 'nm-t-'));

test.after(() => rmSync(dir, { recursive: true, force: true }));

test('missing directories are made, and nothing where there are some', () => {
  const mask = process.umask(0o077);
  assert.is(makeDirectories(`${dir}/x/y`, 0o755), true);
  process.umask(mask);
  assert.is(statSync(`${dir}/x`).mode & 0o777, 0o755);
  assert.is(makeDirectories(`${dir}/a/b/c`, 0o700), true);
  assert.is(statSync(`${dir}/a/b/c`).mode & 0o777, 0o700);
  assert.is(makeDirectories(`${dir}/a/b/c`, 0o755), false);
  assert.is(statSync(`${dir}/a/b/c`).mode & 0o777, 0o700);
  assert.is(makeDirectories('/', 0o700), false);
});

test('where none can be made, it says so and ends', () => {
  writeFileSync(`${dir}/file`, '');
  assert.throws(() => makeDirectories(`${dir}/file/a`, 0o700), /ENOTDIR/);
  assert.throws(() => makeDirectories('/proc/netmeter/a', 0o700), /ENOENT/);
});

test.run();
