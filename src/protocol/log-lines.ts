/** Which part of a log file to read, and the lines in it. Daemon and clients read the same file. */
import type { LogsResult } from './messages.js';

/** Read at most at once, so that an answer stays small. */
const MAX_BYTES = 262_144;
const DEFAULT_LINES = 100;
const NEWLINE = 10;

/** A log file as it is now. */
export interface LogFileState {
  inode: number;
  size: number;
}

export interface LogQuery {
  /** How many of the last lines, default 100. */
  lines?: number | undefined;
  /** Of an earlier result: everything since. A file set aside since then is read from its beginning. */
  cursor?: string | undefined;
}

/** What a log that does not exist says. */
export const EMPTY_LOG: LogsResult = { lines: [], cursor: '0:0' };

/** The offset from which to read, up to the file's size. */
export function readFrom(file: LogFileState, query: LogQuery): number {
  return Math.max(positionOf(query.cursor, file) ?? 0, file.size - MAX_BYTES);
}

/** The lines in `bytes`, which were read from `readFrom` on. A line that is still being written waits. */
export function linesIn(bytes: Uint8Array, file: LogFileState, query: LogQuery): LogsResult {
  const from = readFrom(file, query);
  const isCut = from > (positionOf(query.cursor, file) ?? 0);
  const start = isCut ? bytes.indexOf(NEWLINE) + 1 : 0;
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = new TextDecoder().decode(bytes.subarray(start, end)).split('\n').slice(0, -1);
  const wanted = query.cursor === undefined ? lines.slice(-(query.lines ?? DEFAULT_LINES)) : lines;
  return { lines: wanted, cursor: `${file.inode}:${from + end}` };
}

function positionOf(cursor: string | undefined, file: LogFileState): number | undefined {
  if (cursor === undefined) return undefined;
  const [inode, position] = cursor.split(':').map(Number);
  const isSame = inode === file.inode && position !== undefined && position <= file.size;
  return isSame ? position : 0;
}
