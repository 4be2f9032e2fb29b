import type { Readable } from 'node:stream';
import { NetmeterError } from '../../../src/errors.js';
import { outputFormat } from '../../../src/records/proxy/choose-format.js';
import { ProxyLogReader } from '../../../src/records/proxy/log-reader.js';
import type { ProxyRequest } from '../../../src/records/types.js';
import type { FollowedPiece, LogPosition } from '../../store/proxy-logs.js';
import type { OutputLine } from '../docker/output-frames.js';
import type { OutputWanted } from '../docker/types.js';
import { OutputStream } from './output-stream.js';

export interface OutputPlace {
  /** Names it in the store. */
  log: string;
  proxy: string;
  /** nginx's log_format, where the container's label states one. */
  format: string | undefined;
  open(wanted: OutputWanted, signal: AbortSignal): Promise<Readable>;
}

/** Taken at once, at most. */
const AT_ONCE = 2_500;
/** Of a container whose output was never read, this many lines of its end. */
const FIRST_LINES = 20_000;
/** Read again before a position: equal lines are numbered, and one half of a request may be there. */
const PRIMED_MS = 10_000;
/** Lines without a format that are kept to tell it by. */
const MOST_UNTOLD = 200;
/** After so many lines without one it is taken for no log. */
const MOST_WITHOUT = 10_000;

/**
 * The standard output of one container, read on from where it was read to. A position is the time of the last line
 * that was read, in place of a file, and how many lines of that very time were.
 */
export class FollowedOutput {
  readonly #place: OutputPlace;
  #at: LogPosition | undefined;
  #stream: OutputStream | undefined;
  #reader: ProxyLogReader | undefined;
  #untold: OutputLine[] = [];
  #linesWithout = 0;
  /** Lines of the position's own time that came again. */
  #again = 0;
  #isPast = true;

  /** @param at from the store */
  constructor(place: OutputPlace, at: LogPosition | undefined) {
    this.#place = place;
    this.#at = at;
  }

  /**
   * What was written since, undefined when that is nothing. The caller stores it before asking again.
   * @throws NetmeterError `unreadable-input` when it is no log of a format that is known
   * @throws what the engine said when it does not give it
   */
  next(): FollowedPiece | undefined {
    const stream = this.#opened();
    const lines = stream.take(AT_ONCE);
    if (lines.length === 0) {
      if (stream.isOver) this.#over(stream);
      // What waits for its other half has waited for a second.
      return this.#piece(this.#reader?.end() ?? []);
    }
    const fresh = lines.filter((line) => this.#isFresh(line));
    const requests = this.#read(lines, fresh);
    if (this.#reader === undefined || fresh.length === 0) return undefined;
    const last = fresh.at(-1)!.time;
    const ofLast = fresh.filter(({ time }) => time === last).length;
    const before = this.#at?.file === last ? this.#at.position : 0;
    this.#at = { file: last, position: before + ofLast, mark: '' };
    return this.#piece(requests, true);
  }

  close(): void {
    this.#stream?.close();
  }

  #opened(): OutputStream {
    if (this.#stream !== undefined) return this.#stream;
    const { file } = this.#at ?? {};
    this.#again = 0;
    this.#isPast = file === undefined;
    const wanted = file === undefined ? { tail: FIRST_LINES } : { since: earlier(file) };
    this.#stream = new OutputStream((signal) => this.#place.open(wanted, signal));
    return this.#stream;
  }

  /** The container ended, or the engine: asked again by the next look. */
  #over(stream: OutputStream): void {
    this.#stream = undefined;
    if (stream.failure !== undefined) throw stream.failure;
  }

  /** Whether a line was not read before the stream was opened. */
  #isFresh({ time }: OutputLine): boolean {
    const at = this.#at;
    if (this.#isPast || at === undefined || time > at.file) {
      this.#isPast = true;
      return true;
    }
    if (time < at.file) return false;
    this.#again += 1;
    if (this.#again <= at.position) return false;
    this.#isPast = true;
    return true;
  }

  /** Requests of the fresh lines; the others prime a reader that is new. */
  #read(lines: readonly OutputLine[], fresh: readonly OutputLine[]): ProxyRequest[] {
    if (this.#reader !== undefined) return fresh.flatMap((line) => read(this.#reader!, line));
    const untold = [...this.#untold, ...lines];
    const format = outputFormat(
      untold.map(({ text }) => text),
      this.#place.format,
    );
    if (format === undefined) {
      this.#untold = untold.slice(-MOST_UNTOLD);
      this.#linesWithout += lines.length;
      if (this.#linesWithout >= MOST_WITHOUT) {
        throw new NetmeterError('unreadable-input', 'what it writes is no access log that is known');
      }
      return [];
    }
    const reader = new ProxyLogReader(format);
    this.#reader = reader;
    this.#untold = [];
    const isOld = new Set(lines.slice(0, lines.length - fresh.length));
    return untold.flatMap((line) => (isOld.has(line) ? void read(reader, line) : read(reader, line)) ?? []);
  }

  #piece(requests: ProxyRequest[], hasMoved = false): FollowedPiece | undefined {
    const { log, proxy } = this.#place;
    if (this.#at === undefined || (requests.length === 0 && !hasMoved)) return undefined;
    return { ...this.#at, log, proxy, kind: this.#reader?.format.kind ?? '', requests };
  }
}

/** The engine's time stands in for one that the format has not. */
function read(reader: ProxyLogReader, { time, text }: OutputLine): ProxyRequest[] {
  return reader.read(text, Date.parse(time));
}

/** Seconds with nine digits behind the point, as the engine takes them. */
function earlier(time: string): string {
  const seconds = Math.floor((Date.parse(time) - PRIMED_MS) / 1_000);
  return `${Math.max(0, seconds)}.${time.slice(20, 29)}`;
}
