import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { NetmeterError } from '../../src/errors.js';

/** Less room than this, and an I/O error is taken for a full file system: SQLite grows its index by 32 KiB. */
const NO_ROOM = 65_536;

/**
 * What an error of SQLite means for the database at `path`. The codes are SQLite's primary result codes
 * (https://www.sqlite.org/rescode.html).
 */
export function storeError(error: unknown, path: string): NetmeterError {
  if (error instanceof NetmeterError) return error;
  const code = (error as { code?: unknown }).code;
  switch (code) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return new NetmeterError('database-locked', `${path} is locked by another process`, {
        hint: `see who has it open: fuser -v ${path}`,
        cause: error,
      });
    case 'SQLITE_FULL':
      return full(path, error);
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return new NetmeterError('database-damaged', `${path} is damaged: ${messageOf(error)}`, {
        hint: 'restart netmeter: it sets the file aside, keeps it, and begins a new one',
        cause: error,
      });
    case 'SQLITE_IOERR':
      return hasRoom(path) ? unusable(path, error) : full(path, error);
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
    case 'SQLITE_AUTH':
      return unusable(path, error);
    default:
      return new NetmeterError('internal', `${path}: ${messageOf(error)}`, { cause: error });
  }
}

function full(path: string, cause: unknown): NetmeterError {
  const directory = dirname(path);
  return new NetmeterError('state-dir-full', `the file system of ${directory} is full`, {
    hint: `free some space (df -h ${directory}); until then nothing new is stored`,
    cause,
  });
}

function unusable(path: string, cause: unknown): NetmeterError {
  const directory = dirname(path);
  return new NetmeterError('state-dir-unusable', `${path} cannot be used: ${messageOf(cause)}`, {
    hint: `make ${directory} writable (ls -ld ${directory}; findmnt -T ${directory}), or choose another with --state-dir`,
    cause,
  });
}

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize >= NO_ROOM;
  } catch {
    return true;
  }
}

/** SQLite's words without its code in front. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^SQLITE_[A-Z]+: /, '');
}
