/**
 * verdaccio's log. Versions before 4.10 on newer Nodes tell a request twice with the same bytes; later ones first with
 * status 200 and no bytes, then as it was. What it asked its uplink for stands before the answer to the client that it
 * was for: since version 6 that it asked, of metadata also with what bytes; before that the bytes alone.
 */
import type { EpochMs } from '../../units.js';
import { BoundedMap } from './bounded-map.js';
import type { LineReading, LoggedRequest, ProxyLogFormat } from './types.js';
import { jsonLine, prettyLine, type Told } from './verdaccio-line.js';

/** Two tellings of one request are this close, where there are times. */
const TWICE_WITHIN_MS = 250;
/** Requests on their way, and what was asked of the uplink for them. */
const MOST_OPEN = 1_024;

/** What the uplink was asked for, and the bytes of the answer; undefined when that is not told. */
interface Fetch {
  url: string;
  at: EpochMs | undefined;
  status: string;
  bytes: number | undefined;
}

export class Verdaccio implements ProxyLogFormat {
  readonly kind: 'verdaccio-json' | 'verdaccio-pretty';
  #held: Told | undefined;
  /** How many were told to have begun, by client and URL. */
  readonly #begun = new BoundedMap<number>(MOST_OPEN);
  /** By what it is of. */
  readonly #fetches = new BoundedMap<Fetch>(MOST_OPEN);
  #tellsAsking = false;

  constructor(kind: 'verdaccio-json' | 'verdaccio-pretty') {
    this.kind = kind;
  }

  get unknown(): string[] {
    return [
      'headers: the log has the bytes of bodies',
      this.#tellsAsking
        ? 'what packages that were not there yet fetched: the log says that they were, not how much'
        : 'which requests were hits: what was fetched is known where the log names it',
      'whether two equal requests right after each other were one that was told twice: they count once',
    ];
  }

  read(line: string, at?: EpochMs): LineReading {
    const told = this.kind === 'verdaccio-json' ? jsonLine(line) : prettyLine(line, at);
    if (told === 'misfit' || told === 'other') return told;
    if ('asks' in told) {
      this.#tellsAsking = true;
      return readingOf(this.#fetched({ url: told.asks, at, status: '', bytes: undefined }));
    }
    if (told.isUplink) {
      return readingOf(
        this.#fetched({ url: told.url, at: told.at, status: told.status, bytes: told.bytesOut }),
      );
    }
    return readingOf(this.#answered(told));
  }

  /** What was held back; what has begun goes on. */
  end(): LoggedRequest[] {
    const held = this.#held;
    this.#held = undefined;
    const requests = held === undefined ? [] : [this.#toRequest(held)];
    for (const [subject, fetch] of this.#fetches.entries()) {
      if (!fetch.bytes) continue;
      requests.push(ofFetch(fetch));
      // Whoever it was for may still come, and did not get it from the cache.
      this.#fetches.set(subject, { ...fetch, bytes: 0 });
    }
    return requests;
  }

  #answered(told: Told): LoggedRequest[] {
    const key = `${told.client} ${told.url}`;
    const begun = this.#begun.get(key) ?? 0;
    if (told.status === '200' && told.bytesOut === 0) {
      this.#begun.set(key, begun + 1);
      return [];
    }
    const held = this.#held;
    if (begun > 0) {
      if (begun > 1) this.#begun.set(key, begun - 1);
      else this.#begun.delete(key);
    } else if (held !== undefined && isSame(held, told)) return [];
    this.#held = told;
    return held === undefined ? [] : [this.#toRequest(held)];
  }

  /** A fetch whose bytes are told waits for the answer that it was for. */
  #fetched(fetch: Fetch): LoggedRequest[] {
    const subject = subjectOf(fetch.url);
    const before = this.#fetches.get(subject);
    const dropped = this.#fetches.set(subject, fetch);
    return [before, dropped].flatMap((left) => (left?.bytes ? [ofFetch(left)] : []));
  }

  #toRequest({ at, client, status, url, bytesOut }: Told): LoggedRequest {
    const request = { at, client, code: status, servedBytes: bytesOut, url };
    const subject = subjectOf(url);
    const fetch = this.#fetches.get(subject);
    if (fetch !== undefined) this.#fetches.delete(subject);
    if (Number(status) >= 500) return { ...request, outcome: 'failed', fetchedBytes: fetch?.bytes };
    if (fetch !== undefined) return { ...request, outcome: 'miss', fetchedBytes: fetch.bytes };
    if (status === '401' || status === '403')
      return { ...request, outcome: 'refused', fetchedBytes: undefined };
    // What is no package's is its own.
    const isHit = this.#tellsAsking && !url.startsWith('/-/') && Number(status) < 400;
    return isHit
      ? { ...request, outcome: 'hit', fetchedBytes: 0 }
      : { ...request, outcome: 'other', fetchedBytes: undefined };
  }
}

function readingOf(requests: LoggedRequest[]): LineReading {
  return requests.length > 0 ? requests : 'other';
}

function isSame(a: Told, b: Told): boolean {
  if (a.url !== b.url || a.client !== b.client) return false;
  if (a.at !== undefined && b.at !== undefined && Math.abs(b.at - a.at) > TWICE_WITHIN_MS) return false;
  return a.bytesOut === b.bytesOut && a.bytesIn === b.bytesIn && a.status === b.status;
}

/** With nothing served: which client it was for is not told. */
function ofFetch({ url, at, status, bytes = 0 }: Fetch): LoggedRequest {
  const outcome = Number(status) >= 500 ? 'failed' : 'miss';
  return {
    at,
    client: undefined,
    outcome,
    code: `uplink ${status}`,
    servedBytes: 0,
    fetchedBytes: bytes,
    url,
  };
}

/** A package or a file of one, however it is written and wherever the registry has it: `@scope/name/-/name-1.tgz`. */
function subjectOf(url: string): string {
  const path = url.replace(/[?#].*$/, '').replace(/%2f/gi, '/');
  return /(?:@[^/]+\/)?[^/@]+(?:\/-\/[^/]+)?$/.exec(path)?.[0] ?? path;
}
