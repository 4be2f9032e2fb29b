import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { openBeneath } from './open-beneath.js';

/** A log at one moment. */
export interface LogFile {
  /** Device and inode. */
  file: string;
  size: number;
  read(from: number, bytes: number): Buffer;
}

const MARK_BYTES = 64;

/** Opens a log for as long as `use` runs; undefined when there is none, or none that may be read. */
export function withLog<Result>(
  root: string,
  path: string,
  use: (log: LogFile) => Result,
): Result | undefined {
  let fd: number | undefined;
  try {
    fd = openBeneath(root, path);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return undefined;
    const opened = fd;
    const read = (from: number, bytes: number) => {
      const buffer = Buffer.alloc(Math.max(0, Math.min(bytes, stat.size - from)));
      return buffer.subarray(0, readSync(opened, buffer, 0, buffer.length, from));
    };
    return use({ file: `${stat.dev}:${stat.ino}`, size: stat.size, read });
  } finally {
    closeSync(fd);
  }
}

/** Tells a file that went on from one that was emptied and written anew. */
export function markAt(log: LogFile, position: number): string {
  const from = Math.max(0, position - MARK_BYTES);
  return createHash('sha256')
    .update(log.read(from, position - from))
    .digest('hex')
    .slice(0, 16);
}
