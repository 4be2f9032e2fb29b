import { trySyscall } from './syscall.js';
import { systemError } from './system-error.js';

const LOCK_EX = 2;
const LOCK_NB = 4;
const EAGAIN = 11;

/**
 * Takes the exclusive advisory lock of an open file (flock(2)) without waiting. The kernel drops it when
 * the last descriptor of this opening is closed, so also when the process dies.
 * @returns false when somebody else holds it
 */
export function tryLockFile(fd: number): boolean {
  const result = trySyscall('flock', fd, LOCK_EX | LOCK_NB);
  if (result === -EAGAIN) return false;
  if (result < 0) throw systemError('flock', -result);
  return true;
}
