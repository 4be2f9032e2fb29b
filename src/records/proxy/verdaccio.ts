/**
 * verdaccio's log, as JSON or in its pretty form. `<--` is what clients asked, `-->` what it fetched for them from
 * its uplink. Versions before 4.10 on newer Nodes tell a request twice with the same bytes, and some later ones first
 * with status 200 and no bytes, then as it was.
 */
import type { EpochMs } from '../../units.js';
import { objectOf } from './nginx-json.js';
import type { LineReading, LoggedRequest, ProxyLogFormat } from './types.js';

/** One finished request, of either form. */
interface Finished {
  at: number | undefined;
  direction: 'client' | 'uplink';
  client: string | undefined;
  status: string;
  url: string;
  bytesIn: number;
  bytesOut: number;
}

const PRETTY =
  /(<--|-->) (\d{3}),(?: user: \S+?\(([^)]*)\),)? req: '([A-Z]+) ([^']+)'(?:, bytes: (\d+)\/(\d+)|( \(streaming\))|, error: .*)$/;
const IS_PRETTY = /^\s*(?:(?:\S+ )?(?:fatal|error|warn|http|info|debug|trace)\b)/;
/** Two tellings of one request are this close, where there are times. */
const TWICE_WITHIN_MS = 250;

export class Verdaccio implements ProxyLogFormat {
  readonly kind: 'verdaccio-json' | 'verdaccio-pretty';
  readonly unknown = [
    'headers: the log has the bytes of bodies',
    'which requests were hits: what was fetched is told apart from what was served',
    'whether two equal requests right after each other were one that was told twice: they count once',
  ];
  #held: Finished | undefined;

  constructor(kind: 'verdaccio-json' | 'verdaccio-pretty') {
    this.kind = kind;
  }

  read(line: string, at?: EpochMs): LineReading {
    const finished = this.kind === 'verdaccio-json' ? fromJson(line) : fromPretty(line, at);
    if (finished === 'misfit' || finished === 'other') return finished;
    const held = this.#held;
    if (held !== undefined && isSame(held, finished)) {
      this.#held = finished;
      return 'other';
    }
    const before = this.end();
    this.#held = finished;
    return before.length > 0 ? before : 'other';
  }

  end(): LoggedRequest[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [] : [toRequest(held)];
  }
}

function isSame(a: Finished, b: Finished): boolean {
  if (a.direction !== b.direction || a.url !== b.url || a.client !== b.client) return false;
  if (a.at !== undefined && b.at !== undefined && Math.abs(b.at - a.at) > TWICE_WITHIN_MS) return false;
  return a.bytesOut === 0 || (a.bytesOut === b.bytesOut && a.bytesIn === b.bytesIn && a.status === b.status);
}

/** What came from the uplink is a request of its own, with nothing served: which client it was for is not told. */
function toRequest({ at, direction, client, status, url, bytesOut }: Finished): LoggedRequest {
  const failed = Number(status) >= 500;
  if (direction === 'uplink') {
    const outcome = failed ? 'failed' : 'miss';
    return {
      at,
      client: undefined,
      outcome,
      code: `uplink ${status}`,
      servedBytes: 0,
      fetchedBytes: bytesOut,
      url,
    };
  }
  const refused = status === '401' || status === '403';
  const outcome = failed ? 'failed' : refused ? 'refused' : 'other';
  return { at, client, outcome, code: status, servedBytes: bytesOut, fetchedBytes: undefined, url };
}

function fromPretty(line: string, at: EpochMs | undefined): Finished | 'other' | 'misfit' {
  const match = PRETTY.exec(line);
  if (match === null) return IS_PRETTY.test(line) || line.startsWith(' ') ? 'other' : 'misfit';
  const [, arrow, status, client, , url, bytesIn, bytesOut, streaming] = match;
  // The same request is told again when it has ended.
  if (streaming !== undefined) return 'other';
  const [received, sent] = [Number(bytesIn ?? 0), Number(bytesOut ?? 0)];
  return finished(at, arrow === '-->', client, status!, url!, received, sent);
}

function fromJson(line: string): Finished | 'other' | 'misfit' {
  const json = objectOf(line);
  if (json === undefined || (typeof json.level !== 'number' && typeof json.level !== 'string'))
    return 'misfit';
  if (typeof json.msg !== 'string' || !('time' in json)) return 'misfit';
  const request = json.request as { method?: unknown; url?: unknown } | undefined;
  const bytes = json.bytes as { in?: unknown; out?: unknown } | undefined;
  const status = json.status;
  const isResult =
    typeof request?.url === 'string' && (typeof status === 'number' || typeof status === 'string');
  if (!isResult || bytes === undefined || bytes === null) return 'other';
  const time = typeof json.time === 'number' ? json.time : Date.parse(String(json.time));
  const client = typeof json.remoteIP === 'string' ? json.remoteIP : undefined;
  const isUplink = json.sub === 'out' || String(request.url).startsWith('http');
  return finished(
    Number.isFinite(time) ? time : undefined,
    isUplink,
    client,
    String(status),
    String(request.url),
    whole(bytes.in),
    whole(bytes.out),
  );
}

function finished(
  at: number | undefined,
  isUplink: boolean,
  client: string | undefined,
  status: string,
  url: string,
  bytesIn: number,
  bytesOut: number,
): Finished {
  return { at, direction: isUplink ? 'uplink' : 'client', client, status, url, bytesIn, bytesOut };
}

function whole(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
