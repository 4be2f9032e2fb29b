import { closeSync, mkdirSync, openSync, rmdirSync, statSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findCgroup } from '../../../daemon/sys/cgroup-handle.js';
import { BPF_FS_MAGIC, CGROUP2_SUPER_MAGIC, fileSystemMagic } from '../../../daemon/sys/file-systems.js';
import { parseMountTable, readMountTable } from '../../../daemon/sys/mount-table.js';

const root = readMountTable().find((mount) => mount.type === 'cgroup2')?.mountPoint ?? '/sys/fs/cgroup';

test('mount points are unescaped, and read-only is told by mount or file system', () => {
  const table = [
    '42 22 0:38 / /sys/fs/bpf rw,relatime - bpf bpf rw',
    '43 22 0:39 /sub /mnt/a\\040b ro,relatime shared:7 master:2 - ext4 /dev/x rw,errors=remount-ro',
    '44 22 0:40 / /c rw - tmpfs tmpfs ro,size=4k',
    '',
  ];
  assert.equal(parseMountTable(table.join('\n')), [
    { root: '/', mountPoint: '/sys/fs/bpf', type: 'bpf', readOnly: false },
    { root: '/sub', mountPoint: '/mnt/a b', type: 'ext4', readOnly: true },
    { root: '/', mountPoint: '/c', type: 'tmpfs', readOnly: true },
  ]);
});

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
    assert.equal(findCgroup(rootFd, id), { path: `${path}/inner` });
  } finally {
    rmdirSync(`${path}/inner`);
    rmdirSync(path);
  }
  assert.is(findCgroup(rootFd, id), 'gone');
  closeSync(rootFd);
});

test.run();
