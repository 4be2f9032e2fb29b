import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from './system-error.js';

/**
 * Makes a directory with those above it that are missing. `mkdirSync` with `recursive` never returns where
 * the file system answers ENOENT to every mkdir, as /proc does.
 *
 * @param path absolute
 * @param mode of each directory made, whatever the process's mask
 * @returns whether there was anything to make. Throws Node's error, `ENOTDIR` where a file is in the way
 */
export function makeDirectories(path: string, mode: number): boolean {
  try {
    makeOne(path, mode);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
    if (!makeDirectories(dirname(path), mode)) throw error;
    makeOne(path, mode);
    return true;
  }
}

function makeOne(path: string, mode: number): void {
  mkdirSync(path, { mode });
  chmodSync(path, mode);
}
