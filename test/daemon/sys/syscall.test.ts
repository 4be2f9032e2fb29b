import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bootTime } from '../../../daemon/sys/boot-time.js';
import { tryLockFile } from '../../../daemon/sys/file-lock.js';
import { NativeStruct } from '../../../daemon/sys/native-struct.js';
import { liftLockedMemoryLimit } from '../../../daemon/sys/resource-limits.js';
import { syscall, trySyscall } from '../../../daemon/sys/syscall.js';
import { syscallNumbers } from '../../../daemon/sys/syscall-numbers.js';
import { errnoName, isErrno, systemError } from '../../../daemon/sys/system-error.js';
import { NetmeterError } from '../../../src/errors.js';

const CAP_SYS_RESOURCE = 24n;

test('a failing call names itself, its subject and the errno', () => {
  try {
    syscall('flock', 'nothing', 999_999, 2);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, NetmeterError);
    assert.is((error as NetmeterError).message, 'flock(nothing) failed with EBADF');
    assert.is((error as NetmeterError).code, 'syscall-failed');
    assert.ok(isErrno(error, 'EBADF'));
    assert.not(isErrno(error, 'EPERM'));
  }
});

test('refusals are told apart from other failures', () => {
  assert.is(systemError('bpf', 1).code, 'permission-denied');
  assert.is(systemError('bpf', 13).code, 'permission-denied');
  assert.is(systemError('bpf', 28).code, 'syscall-failed');
});

test('the time since the kernel started is that of /proc/uptime, and goes on', () => {
  const before = bootTime();
  const told = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
  const after = bootTime();
  // Told in hundredths of seconds, cut off.
  assert.ok(before - 10 <= told && told <= after, `${before} ${told} ${after}`);
});

test('errno names include the one only the kernel knows', () => {
  assert.is(errnoName(1), 'EPERM');
  assert.is(errnoName(524), 'ENOTSUPP');
  assert.is(errnoName(9999), 'E9999');
});

test('buffers go in and come out', () => {
  const one = new NativeStruct(4).u32(0, 1);
  const fd = syscall('socket', 'AF_INET', 2, 1, 0);
  const length = new NativeStruct(4).u32(0, 4);
  try {
    syscall('setsockopt', 'SO_KEEPALIVE', fd, 1, 9, one, 4);
    const read = new NativeStruct(4);
    syscall('getsockopt', 'SO_KEEPALIVE', fd, 1, 9, read, length);
    assert.is(read.getU32(0), 1);
    assert.is(length.getU32(0), 4);
  } finally {
    assert.is(trySyscall('close', fd), 0);
  }
});

test('a table exists for both architectures and no other', () => {
  assert.is(syscallNumbers('x64')?.bpf, 321);
  assert.is(syscallNumbers('arm64')?.bpf, 280);
  assert.is(syscallNumbers('mips'), undefined);
});

const unistd = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h';
const whereHeadersAre = existsSync(unistd) ? test : test.skip;

whereHeadersAre('the numbers are those of the kernel headers of this machine', () => {
  const header = readFileSync(unistd, 'utf8');
  for (const [name, number] of Object.entries(syscallNumbers('x64') ?? {})) {
    assert.match(header, new RegExp(`#define __NR_${name} ${number}\\n`));
  }
});

test('the limit of locked memory is lifted where that is allowed', () => {
  const status = readFileSync('/proc/self/status', 'utf8');
  const capabilities = BigInt(`0x${/^CapEff:\s+(\w+)/m.exec(status)?.[1]}`);
  const isAllowed = (capabilities & (1n << CAP_SYS_RESOURCE)) !== 0n;
  assert.is(liftLockedMemoryLimit(), isAllowed);
  const limits = readFileSync('/proc/self/limits', 'utf8');
  if (isAllowed) assert.match(limits, /^Max locked memory +unlimited +unlimited/m);
});

test('64-bit fields survive up to 2^53', () => {
  const struct = new NativeStruct(16).u64(8, Number.MAX_SAFE_INTEGER);
  assert.is(struct.getU64(8), Number.MAX_SAFE_INTEGER);
  assert.is(struct.u64(8, 1n << 32n).getU64(8), 4_294_967_296);
});

test('a file is locked once, and free again when its holder closes it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'netmeter-lock-'));
  const path = join(directory, 'lock');
  const first = openSync(path, 'w');
  const second = openSync(path, 'w');
  try {
    assert.is(tryLockFile(first), true);
    assert.is(tryLockFile(second), false);
    closeSync(first);
    assert.is(tryLockFile(second), true);
  } finally {
    closeSync(second);
    rmSync(directory, { recursive: true });
  }
});

test.run();
