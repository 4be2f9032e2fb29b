import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type ErrorCode, NetmeterError } from '../../../src/errors.js';
import { tryLockFile } from '../../sys/file-lock.js';
import { BPF_FS_MAGIC, fileSystemMagic, mount } from '../../sys/file-systems.js';
import { isErrno } from '../../sys/system-error.js';

/**
 * Whether what the kernel counts outlives this process. Without it metering is as exact, but what is
 * counted between a crash and the next start is lost.
 */
export type Pinning =
  | { ok: true; mountedNow: boolean }
  | { ok: false; code: ErrorCode; because: string; fix: string };

/** Makes the directory for pins, and mounts the BPF file system around it where nobody has yet. */
export function preparePinDirectory(directory: string): Pinning {
  const root = dirname(directory);
  const mounted = mountIfMissing(root);
  if (typeof mounted !== 'boolean') return mounted;
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK);
  } catch (error) {
    return refused(root, directory, error);
  }
  return foreign(directory) ?? { ok: true, mountedNow: mounted };
}

/** What {@link preparePinDirectory} would find, without making or mounting anything. */
export function inspectPinDirectory(directory: string): Pinning {
  const root = dirname(directory);
  if (fileSystemMagic(root) !== BPF_FS_MAGIC) return notMounted(root, 'nothing of type bpf is mounted there');
  const there = existsSync(directory);
  try {
    accessSync(there ? directory : root, constants.W_OK);
  } catch (error) {
    return refused(root, directory, error);
  }
  return (there ? foreign(directory) : undefined) ?? { ok: true, mountedNow: false };
}

/** Removes the directory when nothing is pinned in it. */
export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY', 'ENOENT')) throw error;
  }
}

/**
 * Keeps a second meter off the same pins.
 * @returns the descriptor that holds the lock
 * @throws NetmeterError `daemon-already-running`
 */
export function lockPinDirectory(directory: string): number {
  const fd = openSync(directory, 'r');
  if (tryLockFile(fd)) return fd;
  closeSync(fd);
  throw new NetmeterError('daemon-already-running', `another netmeter counts in ${directory}`, {
    hint: 'netmeter status shows it, netmeter stop ends it',
  });
}

/** @returns true when it has been mounted just now, false when it was */
function mountIfMissing(root: string): boolean | Pinning {
  if (fileSystemMagic(root) === BPF_FS_MAGIC) return false;
  try {
    mount('bpf', root, 'bpf');
    return true;
  } catch (error) {
    return notMounted(root, (error as Error).message);
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/**
 * A BPF file system mounted by hand lets everybody make directories: somebody else's could be taken away
 * with all that is pinned in it.
 */
function foreign(directory: string): Pinning | undefined {
  const found = lstatSync(directory);
  if (found.isDirectory() && found.uid === process.geteuid?.()) return undefined;
  const because = `${directory} belongs to somebody else (user id ${found.uid})`;
  return { ok: false, code: 'bpffs-unavailable', because, fix: `rm -r ${directory}` };
}

function notMounted(root: string, because: string): Pinning {
  const fix = `mount -t bpf bpf ${root}`;
  return { ok: false, code: 'bpffs-unavailable', because: `${root} is no BPF file system: ${because}`, fix };
}

function refused(root: string, directory: string, error: unknown): Pinning {
  if (isErrno(error, 'EROFS')) {
    const fix = `mount -o remount,rw ${root}`;
    return { ok: false, code: 'bpffs-read-only', because: `${root} is read-only`, fix };
  }
  const because = `${directory} cannot be written to: ${(error as Error).message}`;
  return { ok: false, code: 'bpffs-unavailable', because, fix: 'run as root' };
}
