import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listenOnSocketFile } from '../../../daemon/server/socket-file.js';
import { mount, unmount } from '../../../daemon/sys/file-systems.js';
import type { NetmeterError } from '../../../src/errors.js';
import { temporaryDir } from './harness.js';

const dir = temporaryDir();
const path = `${dir}/run/s.sock`;
const servers: ReturnType<typeof createServer>[] = [];

async function listen(at = path, gid?: number): Promise<void> {
  const server = createServer();
  servers.push(server);
  await listenOnSocketFile(server, { path: at, mode: 0o660, gid });
}

function codeOf(attempt: Promise<void>): Promise<string> {
  return attempt.then(
    () => 'ok',
    (error: NetmeterError) => error.code,
  );
}

test.after.each(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

test.after(() => rmSync(dir, { recursive: true, force: true }));

test('the socket has its mode and group, its directory is there for all, and it goes with the server', async () => {
  const mask = process.umask();
  await listen(path, 54_322);
  const stat = statSync(path);
  assert.equal([stat.mode & 0o777, stat.uid, stat.gid], [0o660, process.getuid?.(), 54_322]);
  assert.is(statSync(`${dir}/run`).mode & 0o777, 0o755);
  assert.is(process.umask(), mask);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  assert.is(existsSync(path), false);
});

test('a socket that a killed process left is replaced', async () => {
  const at = `${dir}/stale.sock`;
  const script = `require('node:net').createServer().listen(${JSON.stringify(at)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  assert.is(await codeOf(listen(at)), 'daemon-already-running');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.is(existsSync(at), true);
  await listen(at);
});

test('a file that is no socket stays', async () => {
  const at = `${dir}/precious`;
  writeFileSync(at, 'data');
  assert.is(await codeOf(listen(at)), 'usage');
  assert.is(readFileSync(at, 'utf8'), 'data');
});

test('a path that is too long, and one below a file', async () => {
  assert.is(await codeOf(listen(`${dir}/${'x'.repeat(107)}`)), 'socket-path-too-long');
  writeFileSync(`${dir}/file`, '');
  assert.is(await codeOf(listen(`${dir}/file/s.sock`)), 'state-dir-unusable');
});

test('a read-only file system', async () => {
  const readOnly = `${dir}/ro`;
  mkdirSync(readOnly);
  mount('tmpfs', readOnly, 'tmpfs', 1);
  try {
    assert.is(await codeOf(listen(`${readOnly}/s.sock`)), 'state-dir-unusable');
  } finally {
    unmount(readOnly);
    chmodSync(readOnly, 0o755);
  }
});

test.run();
