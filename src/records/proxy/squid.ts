/** squid's access.log in its own format and in `combined`; every other logformat is refused. */
import type { ProxyOutcome } from '../types.js';
import { parseClfTime } from './clf-time.js';
import type { LineReading, LoggedRequest, ProxyLogFormat } from './types.js';

/** Ten fields and no more: time, elapsed, client, result/status, bytes, method, URL, user, hierarchy/peer, type. */
const NATIVE =
  /^ *(\d{9,11})\.(\d{3}) +(?:-?\d+) (\S+) ([A-Z][A-Z_]*)\/(\d{3}) (\d+) (?:[A-Z]+|NONE|-) (\S+) \S+ ([A-Z][A-Z_]*)\/\S+ \S+$/;
/** The common log format with referer and agent, then result:hierarchy. */
const COMBINED =
  /^(\S+) \S+ \S+ \[([^\]]{26})\] "([A-Z]+|NONE|-) (\S+) [A-Z]+\/\d\.\d" (\d{3}) (\d+) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" ([A-Z][A-Z_]*):([A-Z][A-Z_]*)$/;

const UNKNOWN = [
  'what headers of requests and of revalidations took: the log has bytes to the client only',
  'exact fetched bytes of misses: they are taken to be what was served',
];

export class SquidNative implements ProxyLogFormat {
  readonly kind = 'squid-native';
  readonly unknown = UNKNOWN;

  read(line: string): LineReading {
    const match = NATIVE.exec(line);
    if (match === null) return 'misfit';
    const [, seconds, ms, client, code, status, bytes, url, hierarchy] = match;
    const at = Number(seconds) * 1000 + Number(ms);
    return [request(at, client!, code!, status!, Number(bytes), url!, hierarchy!)];
  }

  end(): LoggedRequest[] {
    return [];
  }
}

export class SquidCombined implements ProxyLogFormat {
  readonly kind = 'squid-combined';
  readonly unknown = UNKNOWN;

  read(line: string): LineReading {
    const match = COMBINED.exec(line);
    if (match === null) return 'misfit';
    const [, client, time, , url, status, bytes, code, hierarchy] = match;
    const at = parseClfTime(time!);
    if (at === undefined) return 'misfit';
    return [request(at, client!, code!, status!, Number(bytes), url!, hierarchy!)];
  }

  end(): LoggedRequest[] {
    return [];
  }
}

function request(
  at: number,
  client: string,
  code: string,
  status: string,
  servedBytes: number,
  url: string,
  hierarchy: string,
): LoggedRequest {
  const outcome = outcomeOf(code, status, hierarchy);
  return { at, client, outcome, code, servedBytes, fetchedBytes: fetchedOf(outcome, servedBytes), url };
}

/** Result codes are made of words since squid 3; older ones are the same words (doc: wiki, SquidLogs). */
function outcomeOf(code: string, status: string, hierarchy: string): ProxyOutcome {
  const says = (word: string) => hasWord(code, word);
  if (says('DENIED')) return 'refused';
  if (says('TUNNEL')) return 'tunnel';
  if (code === 'NONE' || says('REDIRECT')) return 'other';
  // The copy was still good: its bytes came from the cache. The hit of old squids and of fresh ones for the client.
  if (says('UNMODIFIED') || code.startsWith('TCP_REFRESH_HIT')) return 'revalidated';
  if (says('REFRESH') && says('FAIL')) return 'hit';
  if (says('MISS') || says('MODIFIED') || says('SWAPFAIL')) {
    return Number(status) >= 500 || !wasFetched(hierarchy) ? 'failed' : 'miss';
  }
  return says('HIT') ? 'hit' : 'other';
}

/** Words of a code are joined by `_`. */
function hasWord(code: string, word: string): boolean {
  const at = code.indexOf(word);
  if (at < 0) return false;
  const end = at + word.length;
  const isWhole = (at === 0 || code[at - 1] === '_') && (end === code.length || code[end] === '_');
  return isWhole || code.split('_').includes(word);
}

/** Of what failed, the page that says so may be squid's own. */
function fetchedOf(outcome: ProxyOutcome, servedBytes: number): number | undefined {
  if (outcome === 'failed') return undefined;
  return outcome === 'miss' || outcome === 'tunnel' ? servedBytes : 0;
}

/** Whether anybody else was asked for it. */
function wasFetched(hierarchy: string): boolean {
  return hierarchy !== 'NONE' && hierarchy !== 'HIER_NONE';
}
