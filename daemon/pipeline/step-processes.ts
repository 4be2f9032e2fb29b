import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMountTable } from '../sys/mount-table.js';

/**
 * The first process in a cgroup, by its path below the mounts of any cgroup hierarchy: on hosts without
 * cgroup2, or with both, containers are in some of them only.
 */
export function firstProcessIn(cgroupPath: string, procRoot: string): number | undefined {
  for (const mount of cgroupMounts(procRoot)) {
    try {
      const pid = Number.parseInt(readFileSync(join(mount, cgroupPath, 'cgroup.procs'), 'utf8'), 10);
      if (pid > 0) return pid;
    } catch {
      // Not in this hierarchy, or over.
    }
  }
  return undefined;
}

function cgroupMounts(procRoot: string): string[] {
  return readMountTable(procRoot)
    .filter(({ type }) => type === 'cgroup2' || type === 'cgroup')
    .map(({ mountPoint }) => mountPoint);
}
