import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EMPTY_LOG, type LogQuery, linesIn, readFrom } from '../../src/protocol/log-lines.js';
import type { LogsResult } from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import { askDaemon } from './ask-daemon.js';
import { lockHolder } from './lock-holder.js';

export interface ReadLogOptions {
  /** How many of the last lines to begin with. */
  lines: number;
  /** Goes on with what is written, until the signal. */
  follow: boolean;
  signal: AbortSignal;
}

const POLL_MS = 500;

/**
 * The daemon's log, line by line: from its file where this user may read it, which also works for a daemon
 * that hangs, else through the daemon.
 * @throws NetmeterError as `askDaemon` does, when neither works
 */
export async function* logLines(places: readonly Place[], options: ReadLogOptions): AsyncGenerator<string> {
  const read = firstReader(places);
  let result = await read({ lines: options.lines });
  yield* result.lines;
  while (options.follow && !options.signal.aborted) {
    await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => {});
    if (options.signal.aborted) return;
    result = await read({ cursor: result.cursor });
    yield* result.lines;
  }
}

type Reader = (query: LogQuery) => Promise<LogsResult>;

/** A running daemon's log counts, before one that somebody left. */
function firstReader(places: readonly Place[]): Reader {
  const running = places.filter((place) => lockHolder(place) !== undefined);
  const candidates = running.length > 0 ? running : places;
  const readable = candidates.find((place) => readFile(place.logFile, { lines: 1 }) !== undefined);
  if (readable !== undefined) return async (query) => readFile(readable.logFile, query) ?? EMPTY_LOG;
  return async ({ lines, cursor }) => {
    const params = { ...(lines === undefined ? {} : { lines }), ...(cursor === undefined ? {} : { cursor }) };
    return (await askDaemon(places, 'logs', params)).result;
  };
}

/** `undefined` when there is no such file, or when it is not this user's to read. */
function readFile(path: string, query: LogQuery): LogsResult | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
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
