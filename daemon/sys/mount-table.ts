import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  /** The directory of the file system that is mounted: `/` unless it is a part of it. */
  root: string;
  mountPoint: string;
  type: string;
  /** Read-only here, by the mount or by the file system as a whole. */
  readOnly: boolean;
}

/** The mounts that this process sees, in the order in which they were made. */
export function readMountTable(procRoot = '/proc'): Mount[] {
  return parseMountTable(readFileSync(join(procRoot, 'self/mountinfo'), 'utf8'));
}

export function parseMountTable(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ');
    if (before === undefined || after === undefined) continue;
    const [, , , root, mountPoint, options] = before.split(' ');
    const [type, , superOptions] = after.split(' ');
    if (root === undefined || mountPoint === undefined || type === undefined) continue;
    mounts.push({
      root: unescapeOctal(root),
      mountPoint: unescapeOctal(mountPoint),
      type,
      readOnly: [options, superOptions].some((list) => list?.split(',').includes('ro')),
    });
  }
  return mounts;
}

/** Blanks, tabs, line feeds and backslashes are written as three octal digits. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
