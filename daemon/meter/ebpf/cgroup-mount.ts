import { statSync } from 'node:fs';
import { readMountTable } from '../../sys/mount-table.js';

/** Inode of the root of the hierarchy; a mount of a part of it, as in a container, has another one. */
const ROOT_INODE = 1;

export interface CgroupMount {
  path: string;
  /** Cgroup id of the mounted directory. */
  id: number;
  /** False when only a part of the machine's cgroups is visible here, and so can be metered. */
  whole: boolean;
}

/** Finds where cgroup2 is mounted: `/sys/fs/cgroup`, or `/sys/fs/cgroup/unified` beside version 1. */
export function findCgroupMount(procRoot = '/proc'): CgroupMount | undefined {
  const mounts = readMountTable(procRoot).filter((mount) => mount.type === 'cgroup2');
  const candidates = mounts.map(({ mountPoint }) => describeCgroup(mountPoint));
  return candidates.find((mount) => mount.whole) ?? candidates[0];
}

/** @param path a directory of cgroup2 */
export function describeCgroup(path: string): CgroupMount {
  const id = statSync(path).ino;
  return { path, id, whole: id === ROOT_INODE };
}
