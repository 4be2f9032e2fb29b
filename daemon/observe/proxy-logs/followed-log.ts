import { outputFormat, proxyLogFormat } from '../../../src/records/proxy/choose-format.js';
import { ProxyLogReader } from '../../../src/records/proxy/log-reader.js';
import type { ProxyRequest } from '../../../src/records/types.js';
import type { FollowedPiece, LogPosition } from '../../store/proxy-logs.js';
import { type LogFile, markAt, withLog } from './log-piece.js';

export interface LogPlace {
  /** Names it in the store: owner and path. */
  log: string;
  proxy: string;
  /** Directory that the path is below: that of the host, or of a container. */
  root: string;
  path: string;
}

/** Read at once, at most: some 2,500 requests. */
const AT_ONCE = 256 * 1024;
/** Of a log that was never read, this much of its end. */
const FIRST_BYTES = 4 * 1024 * 1024;
/** Read again before a position: equal lines are numbered, and one half of a request may stand there. */
const PRIMED_BYTES = 256 * 1024;
/** What rotation calls the file before this one: squid's own, and logrotate's. */
const ROTATED = ['.1', '.0'];

/** One log, read on from where it was read to. */
export class FollowedLog {
  readonly #place: LogPlace;
  #at: LogPosition | undefined;
  #reader: ProxyLogReader | undefined;

  /** @param at from the store */
  constructor(place: LogPlace, at: LogPosition | undefined) {
    this.#place = place;
    this.#at = at;
  }

  /**
   * The next piece, undefined when there is nothing new. The caller stores it before asking again.
   * @throws NetmeterError `unreadable-input` when it is no log of a format that is known
   */
  next(): FollowedPiece | undefined {
    const { root, path } = this.#place;
    return withLog(root, path, (log) => {
      const at = this.#at;
      if (at === undefined) return this.#read(log, this.#firstPosition(log));
      if (at.file !== log.file) return this.#rest(at) ?? this.#read(log, 0, true);
      const isSame = log.size >= at.position && markAt(log, at.position) === at.mark;
      return isSame ? this.#read(log, at.position) : this.#read(log, 0, true);
    });
  }

  /** Holds nothing open. */
  close(): void {}

  /** What was written to the file before it was rotated. */
  #rest(at: LogPosition): FollowedPiece | undefined {
    const { root, path } = this.#place;
    for (const suffix of ROTATED) {
      const piece = withLog(root, `${path}${suffix}`, (log) =>
        log.file === at.file && log.size > at.position && markAt(log, at.position) === at.mark
          ? this.#read(log, at.position)
          : undefined,
      );
      if (piece !== undefined) return piece;
    }
    return undefined;
  }

  #firstPosition(log: LogFile): number {
    if (log.size <= FIRST_BYTES) return 0;
    const from = log.size - FIRST_BYTES;
    return from + log.read(from, AT_ONCE).indexOf(0x0a) + 1;
  }

  #read(log: LogFile, from: number, isNew = false): FollowedPiece | undefined {
    const bytes = log.read(from, AT_ONCE);
    const end = bytes.lastIndexOf(0x0a) + 1;
    // A line without an end is passed over, part by part.
    const length = end === 0 && bytes.length === AT_ONCE ? AT_ONCE : end;
    if (length === 0) return undefined;
    // Whose other half was in the file before.
    const left = (isNew ? this.#reader?.end() : undefined) ?? [];
    if (isNew) this.#reader = undefined;
    const text = bytes.toString('utf8', 0, length);
    this.#reader ??= primed(log, from, text);
    // No request yet, such as in a log of nothing but starts: read again when there is more.
    if (this.#reader === undefined && length < AT_ONCE) return undefined;
    const requests = [...left, ...(this.#reader === undefined ? [] : requestsIn(this.#reader, text))];
    const position = from + length;
    this.#at = { file: log.file, position, mark: markAt(log, position) };
    const { proxy, log: name } = this.#place;
    return { ...this.#at, log: name, proxy, kind: this.#reader?.format.kind ?? '', requests };
  }
}

/** A reader that has seen what stands before a position, as if it had never stopped. */
function primed(log: LogFile, position: number, text: string): ProxyLogReader | undefined {
  const from = Math.max(0, position - PRIMED_BYTES);
  const before = log.read(from, position - from).toString('utf8');
  const whole = from === 0 ? before : before.slice(before.indexOf('\n') + 1);
  // Whose log it is, is known: what any web server could have written, this one has.
  const formatOf = (lines: string) => proxyLogFormat(lines) ?? outputFormat(lines.split('\n'));
  const format = formatOf(whole) ?? formatOf(text);
  if (format === undefined) return undefined;
  const reader = new ProxyLogReader(format);
  requestsIn(reader, whole);
  return reader;
}

function requestsIn(reader: ProxyLogReader, text: string): ProxyRequest[] {
  return text.split('\n').flatMap((line) => reader.read(line));
}
