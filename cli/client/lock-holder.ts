import { readFileSync, statSync } from 'node:fs';
import type { Place } from '../../src/protocol/paths.js';

/**
 * The pid of the daemon that holds a place, also of one that no longer answers: the pid in its file, if the
 * kernel has that process down as holder of the file's lock (proc_locks(5)). `undefined` when there is none,
 * or when this user may not look.
 */
export function lockHolder(place: Place): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(place.pidFile, 'utf8').slice(0, 16), 10);
    const { ino } = statSync(place.pidFile);
    return holdsLock(readFileSync('/proc/locks', 'utf8'), pid, ino) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Device numbers are left out: on btrfs and overlay file systems they are not those that stat(2) tells. */
export function holdsLock(locks: string, pid: number, inode: number): boolean {
  return locks.split('\n').some((line) => {
    const [, kind, , access, holder, file] = line.trim().split(/\s+/);
    const isLock = kind === 'FLOCK' && access === 'WRITE' && Number(holder) === pid;
    return isLock && Number(file?.split(':')[2]) === inode;
  });
}
