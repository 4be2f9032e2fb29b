import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { EMPTY_LOG, type LogQuery, linesIn, readFrom } from '../../src/protocol/log-lines.js';
import type { LogsResult } from '../../src/protocol/messages.js';
import { isErrno } from '../sys/system-error.js';

/** The end of a log, for clients that may not read the file. No file is an empty log. */
export function readLog(path: string, query: LogQuery): LogsResult {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return EMPTY_LOG;
    throw error;
  }
  try {
    const { ino: inode, size } = fstatSync(fd);
    const from = readFrom({ inode, size }, query);
    const bytes = Buffer.alloc(size - from);
    const count = readSync(fd, bytes, 0, bytes.length, from);
    return linesIn(bytes.subarray(0, count), { inode, size }, query);
  } finally {
    closeSync(fd);
  }
}
