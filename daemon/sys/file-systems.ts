import { statfsSync } from 'node:fs';
import { cString } from './native-struct.js';
import { syscall } from './syscall.js';
import { isErrno } from './system-error.js';

/** Magic numbers of file systems (include/uapi/linux/magic.h). */
export const BPF_FS_MAGIC = 0xcafe4a11;
export const CGROUP2_SUPER_MAGIC = 0x63677270;

/** The magic number of the file system that holds `path`; `undefined` when there is no such path. */
export function fileSystemMagic(path: string): number | undefined {
  try {
    return statfsSync(path).type;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** mount(2). Needs CAP_SYS_ADMIN. */
export function mount(source: string, target: string, type: string, flags = 0, data = ''): void {
  const strings = [source, target, type].map(cString) as [Uint8Array, Uint8Array, Uint8Array];
  syscall('mount', `${type} on ${target}`, ...strings, flags, cString(data));
}

/** umount2(2), without flags. */
export function unmount(target: string): void {
  syscall('umount2', target, cString(target), 0);
}
