import { readFileSync } from 'node:fs';
import { isErrno } from '../sys/system-error.js';

/** Deeper than any real tree of processes; ends a walk that reads a changing one. */
const MAX_DEPTH = 256;

/** What /proc says of a process. */
export interface ProcessFacts {
  pid: number;
  parentPid: number;
  /** Clock ticks since boot; with the pid it names one process for good (proc_pid_stat(5), field 22). */
  startTime: number;
  /** Real, effective, saved and file system user (proc_pid_status(5)). */
  uids: readonly number[];
  /** Path below the cgroup2 mount. */
  cgroupPath: string;
}

/** `undefined` when there is no such process. */
export function readProcess(procRoot: string, pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`${procRoot}/${pid}/stat`, 'utf8');
    const status = readFileSync(`${procRoot}/${pid}/status`, 'utf8');
    const cgroup = readFileSync(`${procRoot}/${pid}/cgroup`, 'utf8');
    // The name in parentheses may hold anything, so that fields are counted behind it, from field 3 on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      pid,
      parentPid: Number(fields[1]),
      startTime: Number(fields[19]),
      uids: (/^Uid:\s*(.+)$/m.exec(status)?.[1] ?? '').split(/\s+/).map(Number),
      cgroupPath: /^0::(.*)$/m.exec(cgroup)?.[1] ?? '/',
    };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** Whether `pid` is `ancestor` or one of its descendants. */
export function descendsFrom(procRoot: string, pid: number, ancestor: number): boolean {
  let current = pid;
  for (let depth = 0; depth < MAX_DEPTH && current > 0; depth++) {
    if (current === ancestor) return true;
    current = readProcess(procRoot, current)?.parentPid ?? 0;
  }
  return false;
}
