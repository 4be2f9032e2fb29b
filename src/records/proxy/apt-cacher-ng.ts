/**
 * apt-cacher-ng.log: `seconds|I or O|bytes|client|path`. A request that was fetched has a line in and a line out;
 * a hit has the line out alone; a revalidation fetches (in) and answers that nothing has changed (out).
 */
import type { LineReading, LoggedRequest, ProxyLogFormat } from './types.js';

const LINE = /^(\d{9,11})\|([IOED])\|(\d+)\|([^|]*)\|(.+)$/;
/** An answer without a body, such as 304, is this long at most (102 bytes seen). */
const LONGEST_NOT_MODIFIED = 400;

export class AptCacherNg implements ProxyLogFormat {
  readonly kind = 'apt-cacher-ng';
  readonly unknown = ['headers: the log has the bytes of bodies and of a part of the headers'];
  #in: { at: number; client: string; bytes: number; path: string } | undefined;

  read(line: string): LineReading {
    const match = LINE.exec(line);
    if (match === null) return 'misfit';
    const [, seconds, direction, digits, client, path] = match;
    const [at, bytes] = [Number(seconds) * 1000, Number(digits)];
    if (direction === 'I') {
      const waiting = this.end();
      this.#in = { at, client: client!, bytes, path: path! };
      return waiting.length > 0 ? waiting : 'other';
    }
    if (direction !== 'O') return 'other';
    const fetched = this.#in;
    if (fetched !== undefined && fetched.path === path && fetched.client === client) {
      this.#in = undefined;
      return [both(at, client!, path!, fetched.bytes, bytes)];
    }
    return [...this.end(), hit(at, client!, path!, bytes)];
  }

  /** Fetched without anything served: its own maintenance, or a client that went away. */
  end(): LoggedRequest[] {
    const fetched = this.#in;
    this.#in = undefined;
    if (fetched === undefined) return [];
    const { at, client, bytes, path } = fetched;
    return [{ at, client, outcome: 'miss', code: 'I', servedBytes: 0, fetchedBytes: bytes, url: path }];
  }
}

function both(
  at: number,
  client: string,
  url: string,
  fetchedBytes: number,
  servedBytes: number,
): LoggedRequest {
  const revalidated = servedBytes <= LONGEST_NOT_MODIFIED && fetchedBytes > servedBytes;
  return {
    at,
    client,
    outcome: revalidated ? 'revalidated' : 'miss',
    code: 'I+O',
    servedBytes,
    fetchedBytes,
    url,
  };
}

function hit(at: number, client: string, url: string, servedBytes: number): LoggedRequest {
  return { at, client, outcome: 'hit', code: 'O', servedBytes, fetchedBytes: 0, url };
}
