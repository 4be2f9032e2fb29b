import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lockHolder } from '../../../cli/client/lock-holder.js';
import { InstanceLock } from '../../../daemon/lifecycle/instance-lock.js';
import { temporaryDir } from '../server/harness.js';
import { placeIn } from './daemon-process.js';

let dir = '';
let path = '';

test.before.each(() => {
  dir = temporaryDir();
  path = placeIn(dir).pidFile;
});

test.after.each(() => rmSync(dir, { recursive: true, force: true }));

test('one at a time, and the next one after it', () => {
  const first = new InstanceLock(path);
  assert.equal(first.take(process.pid), { taken: true });
  assert.equal(new InstanceLock(path).take(1), { taken: false, pid: process.pid });
  assert.is(readFileSync(path, 'utf8'), `${process.pid}\n`);
  first.release();
  assert.is(existsSync(path), false);
  const next = new InstanceLock(path);
  assert.equal(next.take(2), { taken: true });
  next.release();
  next.release();
});

test('a pid file without a living holder counts for nothing', () => {
  writeFileSync(path, '1\n');
  const lock = new InstanceLock(path);
  assert.equal(lock.take(process.pid), { taken: true });
  assert.is(readFileSync(path, 'utf8'), `${process.pid}\n`);
  lock.release();
});

test('a holder that removed its file meanwhile does not keep the next one in the dark', () => {
  const first = new InstanceLock(path);
  first.take(process.pid);
  renameSync(path, `${path}.gone`);
  const second = new InstanceLock(path);
  assert.equal(second.take(process.pid), { taken: true });
  first.release();
  assert.is(existsSync(path), true);
  second.release();
});

test('clients tell a holder from a number in a file, with the word of the kernel', async () => {
  const place = placeIn(dir);
  assert.is(lockHolder(place), undefined);
  writeFileSync(path, `${process.pid}\n`);
  assert.is(lockHolder(place), undefined);
  const holder = spawn('flock', [path, 'sh', '-c', 'echo up; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  assert.is(lockHolder(place), undefined);
  writeFileSync(path, `${holder.pid}\n`, { flag: 'r+' });
  assert.is(lockHolder(place), holder.pid);
  holder.stdin.end();
  await new Promise((resolve) => holder.once('exit', resolve));
  assert.is(lockHolder(place), undefined);
});

test.run();
