import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { NetmeterError } from '../../src/errors.js';
import { tryLockFile } from '../sys/file-lock.js';

/** Files that SQLite keeps beside a database, and that belong to it. */
export const COMPANIONS = ['-wal', '-shm', '-journal'];

const MODE = 0o600;
const O_NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const O_LOCK = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/** Who may read what was metered. */
export interface FileOwner {
  uid: number;
  gid: number;
}

const NAME = 'netmeter.db';

/**
 * The database's path in the state directory, without symbolic links. The directory is made if it is missing.
 * @throws NetmeterError `state-dir-unusable`, `state-dir-full`
 */
export function databasePath(directory: string): string {
  return guarded(join(directory, NAME), () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return join(realpathSync(directory), NAME);
  });
}

/**
 * The path of a database that is there to be read.
 * @throws NetmeterError `not-found`, `permission-denied`, `state-dir-unusable`
 */
export function readablePath(directory: string): string {
  const path = join(directory, NAME);
  try {
    const real = join(realpathSync(directory), NAME);
    lstatSync(real);
    return real;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Why SQLite could not open a database for reading: it does not tell, so the file is opened once more. */
export function whyUnreadable(path: string): NetmeterError | undefined {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    return undefined;
  } catch (cause) {
    return unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): NetmeterError {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return new NetmeterError('not-found', `there is no database at ${path}`, {
        hint: 'start metering with `netmeter start`, or name the directory with --state-dir',
        cause,
      });
    case 'EACCES':
    case 'EPERM':
      return new NetmeterError('permission-denied', `${path} may not be read`, {
        hint: `ask its owner (ls -l ${path}), use sudo, or start the daemon, which answers for it`,
        cause,
      });
    default:
      return new NetmeterError('state-dir-unusable', `${path} cannot be read`, {
        hint: `see what is there: ls -ld ${path}`,
        cause,
      });
  }
}

/** True for a file with something in it; SQLite takes an empty one for a database that was not begun. */
export function hasContent(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (stat.isFile()) return stat.size > 0;
  throw new NetmeterError('state-dir-unusable', `${path} is no regular file`, {
    hint: `see what it is: ls -l ${path}; move it away, or choose another directory with --state-dir`,
  });
}

/**
 * Takes the lock that makes this the only writer. The kernel drops it when the process ends.
 * @returns its descriptor, to be closed when done
 * @throws NetmeterError `database-locked`, `state-dir-unusable`
 */
export function lockForWriting(path: string): number {
  const lockPath = `${path}.lock`;
  const fd = guarded(lockPath, () => openSync(lockPath, O_LOCK, MODE));
  let taken = false;
  try {
    taken = tryLockFile(fd);
  } finally {
    if (!taken) closeSync(fd);
  }
  if (taken) return fd;
  throw new NetmeterError('database-locked', `another netmeter writes ${path}`, {
    hint: `see which: fuser -v ${lockPath}`,
  });
}

/** Makes an empty file for a database; SQLite gives its companions the same owner and mode. */
export function makeEmpty(path: string, owner: FileOwner | undefined): void {
  guarded(path, () => {
    for (const name of [path, ...COMPANIONS.map((companion) => path + companion)]) {
      rmSync(name, { force: true });
    }
    const fd = openSync(path, O_NEW, MODE);
    try {
      give(fd, owner);
    } finally {
      closeSync(fd);
    }
  });
}

/** Gives a database and its companions their owner and mode. */
export function own(path: string, owner: FileOwner | undefined): void {
  guarded(path, () => {
    for (const name of [path, ...COMPANIONS.map((companion) => path + companion)]) {
      if (!lstatSync(name, { throwIfNoEntry: false })?.isFile()) continue;
      // By descriptor: in a directory of somebody else's, a name may mean another file the next moment.
      const fd = openSync(name, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        give(fd, owner);
      } finally {
        closeSync(fd);
      }
    }
  });
}

function give(fd: number, owner: FileOwner | undefined): void {
  if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
  fchmodSync(fd, MODE);
}

/** @param path what is accessed, for the message; its directory is what the hint is about */
function guarded<Result>(path: string, access: () => Result): Result {
  try {
    return access();
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code;
    const directory = dirname(path);
    const elsewhere = 'or choose another with --state-dir';
    switch (errno) {
      case 'ENOSPC':
      case 'EDQUOT':
        throw new NetmeterError('state-dir-full', `no room for ${path} (${errno})`, {
          hint: `free some space (df -h ${directory}), ${elsewhere}`,
          cause,
        });
      case 'EACCES':
      case 'EPERM':
        throw new NetmeterError('state-dir-unusable', `${path} may not be written (${errno})`, {
          hint: `use sudo (ls -ld ${directory}), ${elsewhere}`,
          cause,
        });
      case 'EROFS':
        throw new NetmeterError('state-dir-unusable', `${path} is on a read-only file system`, {
          hint: `remount it (findmnt -T ${directory}), ${elsewhere}`,
          cause,
        });
      default:
        throw new NetmeterError('state-dir-unusable', `${path} cannot be used (${errno ?? String(cause)})`, {
          hint: `see what is there (ls -ld ${directory}), ${elsewhere}`,
          cause,
        });
    }
  }
}
