/** Any proxy's log, line by line: told by its first lines, or refused when it is none of those that are known. */
import { NetmeterError } from '../../errors.js';
import { packageOf } from '../package-of.js';
import type { ProxyRequest } from '../types.js';
import { AptCacherNg } from './apt-cacher-ng.js';
import { LineKeys } from './line-keys.js';
import { NginxFormat } from './nginx-format.js';
import { NginxJson } from './nginx-json.js';
import { SquidCombined, SquidNative } from './squid.js';
import type { LoggedRequest, ProxyLogFormat } from './types.js';
import { Verdaccio } from './verdaccio.js';

/** Lines that decide; all of them have to fit, but for one in ten, since logs are cut off and mixed up. */
const SAMPLE_LINES = 50;
const MOST_MISFITS = 0.1;
const LONGEST_LINE = 65_536;

/** The formats that tell themselves by their lines, the strictest first. */
function knownFormats(): ProxyLogFormat[] {
  return [
    new SquidNative(),
    new SquidCombined(),
    new AptCacherNg(),
    new NginxJson(),
    new Verdaccio('verdaccio-json'),
    new Verdaccio('verdaccio-pretty'),
  ];
}

/**
 * @param start the first lines of a file
 * @param nginxFormat a stated log_format
 * @returns undefined when no format fits, or `start` holds no request at all
 */
export function proxyLogFormat(start: string, nginxFormat?: string): ProxyLogFormat | undefined {
  const lines = start
    .split('\n')
    .map(tidy)
    .filter((line) => line !== '')
    .slice(0, SAMPLE_LINES);
  const makers: (() => ProxyLogFormat[])[] =
    nginxFormat === undefined ? [knownFormats] : [() => [new NginxFormat(nginxFormat)]];
  const candidates = makers.flatMap((make) => make());
  const at = candidates.findIndex((format) => fits(format, lines));
  // A fresh one: the first has read the sample.
  return at < 0 ? undefined : makers.flatMap((make) => make())[at];
}

function fits(format: ProxyLogFormat, lines: readonly string[]): boolean {
  let misfits = 0;
  let requests = 0;
  for (const line of lines) {
    const reading = format.read(line);
    if (reading === 'misfit') misfits += 1;
    else if (reading !== 'other') requests += reading.length;
  }
  requests += format.end().length;
  return requests > 0 && misfits <= lines.length * MOST_MISFITS;
}

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

  /** @throws NetmeterError `unreadable-input` once more lines do not fit than do */
  read(raw: string): ProxyRequest[] {
    const line = tidy(raw);
    if (line === '') return [];
    this.#lines += 1;
    const reading = this.format.read(line);
    if (reading === 'misfit') {
      this.#misfits += 1;
      if (this.#misfits > SAMPLE_LINES && this.#misfits > this.#lines / 2) throw this.#misread();
      return [];
    }
    if (reading === 'other') {
      this.others += 1;
      return [];
    }
    return this.#keyed(reading);
  }

  end(): ProxyRequest[] {
    return this.#keyed(this.format.end());
  }

  #keyed(requests: readonly LoggedRequest[]): ProxyRequest[] {
    return requests.map((request) => {
      const url = request.url.slice(0, 2_048);
      const { at, client, code, servedBytes, fetchedBytes } = request;
      const key = this.#keys.keyOf(
        `${this.format.kind} ${at} ${client} ${code} ${servedBytes} ${fetchedBytes} ${url}`,
      );
      return { ...request, key, url, package: packageOf(url) };
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

function tidy(line: string): string {
  const cut = line.length > LONGEST_LINE ? line.slice(0, LONGEST_LINE) : line;
  return cut.replace(/\s+$/, '');
}
