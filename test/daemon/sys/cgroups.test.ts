import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupPathById } from '../../../daemon/sys/cgroup-handle.js';
import { BPF_FS_MAGIC, CGROUP2_SUPER_MAGIC, fileSystemMagic } from '../../../daemon/sys/file-systems.js';

const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
const root = / \d+:\d+ \S+ (\S+) .*? - cgroup2 /.exec(mountinfo)?.[1] ?? '/sys/fs/cgroup';

test('file systems are told by their magic number', () => {
  assert.is(fileSystemMagic(root), CGROUP2_SUPER_MAGIC);
  assert.is.not(fileSystemMagic('/proc'), BPF_FS_MAGIC);
  assert.is(fileSystemMagic('/no/such/path'), undefined);
});

test('a cgroup is found by its id while it lives, and no longer', () => {
  const path = `${root}/nm-t-handle-${process.pid}`;
  const rootFd = openSync(root, 'r');
  mkdirSync(`${path}/inner`, { recursive: true });
  const id = statSync(`${path}/inner`).ino;
  try {
    assert.is(cgroupPathById(rootFd, id), `${path}/inner`);
  } finally {
    rmdirSync(`${path}/inner`);
    rmdirSync(path);
  }
  assert.is(cgroupPathById(rootFd, id), undefined);
  closeSync(rootFd);
});

test.run();
