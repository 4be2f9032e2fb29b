import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** Enough of a login session to know it; a session of ten thousand processes is not read to its end. */
const MOST_PROCESSES = 256;
const BYTES_PER_PID = 8;

/**
 * Names of the programs that run in a cgroup itself, not in those below it.
 *
 * @param cgroupRoot the cgroup2 mount
 * @param path below it
 * @returns empty when there are none, or the cgroup is gone
 */
export function programsIn(cgroupRoot: string, procRoot: string, path: string): string[] {
  const pids = readStart(join(cgroupRoot, path, 'cgroup.procs'), MOST_PROCESSES * BYTES_PER_PID);
  return (pids.match(/\d+(?=\n)/g) ?? []).flatMap((pid) => commOf(procRoot, pid) ?? []);
}

function readStart(path: string, bytes: number): string {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const buffer = Buffer.alloc(bytes);
    return buffer.toString('latin1', 0, readSync(fd, buffer));
  } catch {
    return '';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function commOf(procRoot: string, pid: string): string | undefined {
  try {
    return readFileSync(join(procRoot, pid, 'comm'), 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}
