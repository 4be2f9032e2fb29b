import { closeSync, readlinkSync } from 'node:fs';
import { NativeStruct } from './native-struct.js';
import { trySyscall } from './syscall.js';

/** The handle type by which kernfs, and so cgroupfs, is opened by inode (include/linux/exportfs.h). */
const FILEID_KERNFS = 0xfe;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const ENOENT = 2;
const ESTALE = 116;

/**
 * Looks for a living cgroup by its id, which is the inode of its directory. Needs CAP_DAC_READ_SEARCH and
 * Linux 5.5.
 *
 * @param rootFd an open descriptor of any directory of the cgroup2 mount
 * @param id cgroup id, below 2^53
 * @returns its absolute path as this process sees the mount, `gone` when there is no such cgroup any
 *   more, `undefined` when the kernel or the permissions do not allow to ask
 */
export function findCgroup(rootFd: number, id: number): { path: string } | 'gone' | undefined {
  const handle = new NativeStruct(16).u32(0, 8).u32(4, FILEID_KERNFS).u64(8, id);
  const fd = trySyscall('open_by_handle_at', rootFd, handle, O_PATH | O_CLOEXEC);
  if (fd === -ESTALE || fd === -ENOENT) return 'gone';
  if (fd < 0) return undefined;
  try {
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    return path.endsWith(' (deleted)') ? 'gone' : { path };
  } finally {
    closeSync(fd);
  }
}
