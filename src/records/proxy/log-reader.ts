/** Any proxy's log, line by line. */
import { NetmeterError } from '../../errors.js';
import type { EpochMs } from '../../units.js';
import { packageOf } from '../package-of.js';
import type { ProxyRequest } from '../types.js';
import { LineKeys } from './line-keys.js';
import { tidyLine } from './tidy-line.js';
import type { LoggedRequest, ProxyLogFormat } from './types.js';

/** Before so many lines do not fit, it is not asked how many do. */
const FEW_MISFITS = 50;
const LONGEST_URL = 2_048;
/** In hexadecimal, for some thousand years. */
const TIME_DIGITS = 12;

export class ProxyLogReader {
  readonly format: ProxyLogFormat;
  readonly #keys = new LineKeys();
  #lines = 0;
  #misfits = 0;
  /** Lines that are no requests: told of in other lines, or of other kinds. */
  others = 0;

  constructor(format: ProxyLogFormat) {
    this.format = format;
  }

  /** Lines that do not fit the format. */
  get skipped(): number {
    return this.#misfits;
  }

  /**
   * @param at when the line was written, where whoever kept it tells
   * @throws NetmeterError `unreadable-input` once more lines do not fit than do
   */
  read(raw: string, at?: EpochMs): ProxyRequest[] {
    const line = tidyLine(raw);
    if (line === '') return [];
    this.#lines += 1;
    const reading = this.format.read(line, at);
    if (reading === 'misfit') {
      this.#misfits += 1;
      if (this.#misfits > FEW_MISFITS && this.#misfits > this.#lines / 2) throw this.#misread();
      return [];
    }
    if (reading === 'other') {
      this.others += 1;
      return [];
    }
    return this.#keyed(reading, at);
  }

  end(): ProxyRequest[] {
    return this.#keyed(this.format.end());
  }

  #keyed(requests: readonly LoggedRequest[], writtenAt?: EpochMs): ProxyRequest[] {
    const { kind } = this.format;
    return requests.map((request) => {
      const { at = writtenAt, client, outcome, code, servedBytes, fetchedBytes } = request;
      const url = request.url.length > LONGEST_URL ? request.url.slice(0, LONGEST_URL) : request.url;
      const told = `${kind} ${at} ${client} ${code} ${servedBytes} ${fetchedBytes} ${url}`;
      const key = timePart(at) + this.#keys.keyOf(told);
      return { key, at, client, outcome, code, servedBytes, fetchedBytes, url, package: packageOf(url) };
    });
  }

  #misread(): NetmeterError {
    const { kind } = this.format;
    return new NetmeterError(
      'unreadable-input',
      `it begins like ${kind}, but ${this.#misfits} of its first ${this.#lines} lines do not fit that format`,
      { hint: 'Logs of several formats in one file are not read: give each its own file.' },
    );
  }
}

/** Keys begin with the time, so that those of one log lie together in the store. */
function timePart(at: EpochMs | undefined): string {
  return at === undefined || at < 0 ? '' : Math.floor(at).toString(16).padStart(TIME_DIGITS, '0');
}
