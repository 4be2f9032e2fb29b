import { chmodSync, chownSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ErrorCode, NetmeterError } from '../../src/errors.js';
import { makeDirectories } from '../sys/make-directories.js';

/** Room that must be there to begin with: a first database with its journal. */
const PROBE_BYTES = 262_144;
const PRIVATE = 0o700;
/** The group may pass through to the socket and to the log; each file says for itself who may read it. */
const PASSABLE = 0o710;

/**
 * Makes the state directory if there is none, and finds out by writing whether it can hold state.
 *
 * @param gid the group that clients are in; `undefined` leaves the directory private
 * @throws NetmeterError `permission-denied`, `state-dir-full`, `state-dir-unusable`
 */
export function prepareStateDir(path: string, gid: number | undefined): void {
  try {
    makeDirectories(dirname(path), gid === undefined ? PRIVATE : 0o755);
    const made = makeDirectories(path, PRIVATE);
    if (made && gid !== undefined) {
      chownSync(path, -1, gid);
      chmodSync(path, PASSABLE);
    }
    const probe = `${path}/.probe`;
    try {
      writeFileSync(probe, Buffer.alloc(PROBE_BYTES), { flag: 'w', mode: 0o600, flush: true });
    } finally {
      rmSync(probe, { force: true });
    }
  } catch (error) {
    throw stateDirError(path, error);
  }
}

/** What a failed write in the state directory means, with what to do about it. */
export function stateDirError(path: string, error: unknown): NetmeterError {
  if (error instanceof NetmeterError) return error;
  const name = (error as NodeJS.ErrnoException).code ?? 'unknown';
  const [code, what, hint] = meaningOf(name, path);
  return new NetmeterError(code, `the state directory ${path} ${what} (${name})`, { hint, cause: error });
}

function meaningOf(errno: string, path: string): [ErrorCode, string, string] {
  const elsewhere = 'choose another one with --state-dir or NETMETER_STATE_DIR';
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return ['state-dir-full', 'has no room left', `Free some space (df ${path}), or ${elsewhere}.`];
    case 'EACCES':
    case 'EPERM':
      return ['permission-denied', 'may not be written', `Use sudo, or ${elsewhere}.`];
    case 'EROFS':
      return ['state-dir-unusable', 'is on a read-only file system', `Remount it, or ${elsewhere}.`];
    case 'ENOTDIR':
    case 'EEXIST':
      return ['state-dir-unusable', 'is no directory', `Remove what is there, or ${elsewhere}.`];
    default:
      return ['state-dir-unusable', 'cannot be used', `See what is there: ls -ld ${path}, or ${elsewhere}.`];
  }
}

/** The user that a file belongs to; `undefined` when there is none. */
export function ownerUid(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.uid;
}
