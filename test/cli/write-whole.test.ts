// A report that is written to a file: whole or not at all, and over nothing that is no file.
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeWhole } from '../../cli/write-whole.js';
import { NetmeterError } from '../../src/errors.js';

let dir = '';

test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'nm-whole-'));
});

test.after.each(() => rmSync(dir, { recursive: true, force: true }));

async function assertUnwritable(file: string, why: RegExp): Promise<void> {
  try {
    await writeWhole(file, 'x'.repeat(1_000_000));
  } catch (error) {
    if (!(error instanceof NetmeterError)) throw error;
    assert.is(error.code, 'output-unwritable');
    assert.ok(error.message.includes(file), error.message);
    assert.match(error.message, why);
    return;
  }
  assert.unreachable(`${file} was written`);
}

test('a file is replaced, and nothing stays beside it', async () => {
  const file = join(dir, 'week.md');
  for (const text of ['a long first report', 'short']) {
    await writeWhole(file, text);
    assert.is(readFileSync(file, 'utf8'), text);
  }
  assert.equal(readdirSync(dir), ['week.md']);
});

test('a link goes on leading to its file', async () => {
  const [file, link] = [join(dir, 'week.md'), join(dir, 'latest.md')];
  writeFileSync(file, 'last week');
  symlinkSync('week.md', link);
  await writeWhole(link, 'this week');
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.is(readFileSync(file, 'utf8'), 'this week');
});

test('a device is written to and stays one', async () => {
  const device = join(dir, 'null');
  execFileSync('mknod', [device, 'c', '1', '3']);
  await writeWhole(device, 'text');
  assert.ok(statSync(device).isCharacterDevice());
  assert.equal(readdirSync(dir), ['null']);
});

test('on a full disk the report that was there stays, and no half of another', async () => {
  const disk = join(dir, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  try {
    const file = join(disk, 'week.md');
    await writeWhole(file, 'last week');
    await assertUnwritable(file, /ENOSPC/);
    assert.is(readFileSync(file, 'utf8'), 'last week');
    assert.equal(readdirSync(disk), ['week.md']);
  } finally {
    execFileSync('umount', [disk]);
  }
});

test('a directory, and a file that is taken for one', async () => {
  mkdirSync(join(dir, 'folder'));
  await assertUnwritable(join(dir, 'folder'), /EISDIR|ENOTEMPTY|EEXIST/);
  writeFileSync(join(dir, 'file'), 'kept');
  await assertUnwritable(join(dir, 'file', 'week.md'), /ENOTDIR/);
  assert.equal(readdirSync(dir).toSorted(), ['file', 'folder']);
  assert.equal(readdirSync(join(dir, 'folder')), []);
  assert.is(readFileSync(join(dir, 'file'), 'utf8'), 'kept');
});

test.run();
