/** nginx's access log by a stated `log_format`, such as `$remote_addr - [$time_local] "$request" $status`. */
import { NetmeterError } from '../../errors.js';
import type { ProxyOutcome } from '../types.js';
import { parseClfTime } from './clf-time.js';
import type { LineReading, LoggedRequest, ProxyLogFormat } from './types.js';

const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';
/** `combined` is nginx's own; `main` stands in the configuration of its images. */
const NAMED: Readonly<Record<string, string>> = {
  combined: COMBINED,
  main: `${COMBINED} "$http_x_forwarded_for"`,
};
const LONGEST_FORMAT = 4_096;

/** @throws NetmeterError `usage` for a format that says neither when, what nor how much */
export class NginxFormat implements ProxyLogFormat {
  readonly kind = 'nginx';
  readonly unknown: string[];
  readonly #pattern: RegExp;
  readonly #names: string[] = [];

  constructor(stated: string) {
    const format = Object.hasOwn(NAMED, stated) ? NAMED[stated]! : stated;
    this.#pattern = this.#compile(format);
    const has = (name: string) => this.#names.includes(name);
    if (!has('bytes_sent') && !has('body_bytes_sent'))
      throw unusable(format, '$bytes_sent or $body_bytes_sent');
    if (!has('request') && !has('request_uri') && !has('uri'))
      throw unusable(format, '$request or $request_uri');
    this.unknown = nginxUnknowns(has);
  }

  #compile(format: string): RegExp {
    if (format.length > LONGEST_FORMAT) throw unusable('given', 'at most 4096 characters');
    const parts = format.split(/\$\{?([a-z_0-9]+)\}?/);
    // Where one value ends and the next begins nobody could tell, and trying to takes for ever.
    if (parts.slice(1, -1).includes('')) throw unusable(format, 'something between its variables');
    const source = parts.map((part, i) => {
      if (i % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      this.#names.push(part);
      // Up to whatever the format has next, which the value cannot contain.
      const next = parts[i + 1]?.[0];
      if (next === undefined && i === parts.length - 2) return '(.*)';
      return next === undefined
        ? '(\\S*)'
        : `([^${next === ']' || next === '\\' || next === '^' ? `\\${next}` : next}]*)`;
    });
    return new RegExp(`^${source.join('')}$`);
  }

  read(line: string): LineReading {
    const match = this.#pattern.exec(line);
    if (match === null) return 'misfit';
    const values = new Map(this.#names.map((name, i) => [name, match[i + 1]!]));
    const request = nginxRequest((name) => values.get(name));
    return request === undefined ? 'misfit' : [request];
  }

  end(): LoggedRequest[] {
    return [];
  }
}

/** The request that nginx's variables tell of, whatever form they were written in. */
export function nginxRequest(value: (name: string) => string | undefined): LoggedRequest | undefined {
  const served = wholeNumber(value('bytes_sent') ?? value('body_bytes_sent'));
  const url = value('request_uri') ?? value('uri') ?? value('request')?.split(' ')[1];
  if (served === undefined || url === undefined) return undefined;
  const cache = value('upstream_cache_status');
  const outcome = outcomeOf(cache, value('status') ?? '');
  const received = sumOfUpstreams(value('upstream_bytes_received') ?? value('upstream_response_length'));
  return {
    at: timeOf(value),
    client: value('remote_addr'),
    outcome,
    code: cache === undefined || cache === '' || cache === '-' ? (value('status') ?? '') : cache,
    servedBytes: served,
    fetchedBytes:
      received ?? (outcome === 'hit' || outcome === 'revalidated' || outcome === 'refused' ? 0 : undefined),
    url: (value('proxy_host') === undefined ? '' : `//${value('proxy_host')}`) + url,
  };
}

export function nginxUnknowns(has: (name: string) => boolean): string[] {
  const unknown: string[] = [];
  if (!has('upstream_cache_status')) unknown.push('hits and misses: the log has no $upstream_cache_status');
  if (!has('upstream_bytes_received') && !has('upstream_response_length')) {
    unknown.push('what misses fetched: the log has no $upstream_bytes_received');
  }
  return unknown;
}

/** http://nginx.org/en/docs/http/ngx_http_upstream_module.html#var_upstream_cache_status */
function outcomeOf(cache: string | undefined, status: string): ProxyOutcome {
  switch (cache) {
    case 'HIT':
    case 'STALE':
    case 'UPDATING':
      return 'hit';
    case 'REVALIDATED':
      return 'revalidated';
    case 'MISS':
    case 'EXPIRED':
    case 'BYPASS':
      return Number(status) >= 500 ? 'failed' : 'miss';
    default:
      return status === '401' || status === '403' ? 'refused' : 'other';
  }
}

function timeOf(value: (name: string) => string | undefined): number | undefined {
  const seconds = value('msec');
  if (seconds !== undefined && /^\d{9,11}(\.\d{1,6})?$/.test(seconds)) return Number(seconds) * 1000;
  const local = value('time_local');
  if (local !== undefined) return parseClfTime(local);
  const iso = Date.parse(value('time_iso8601') ?? '');
  return Number.isNaN(iso) ? undefined : iso;
}

/** Several upstreams that were tried are joined with `, ` and ` : `; `-` is none. */
function sumOfUpstreams(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const numbers = text.split(/\s*[,:]\s*/).map((part) => (part === '-' ? 0 : wholeNumber(part)));
  if (numbers.some((number) => number === undefined)) return undefined;
  return numbers.reduce<number>((sum, number) => sum + number!, 0);
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}

function unusable(format: string, needed: string): NetmeterError {
  return new NetmeterError(
    'usage',
    `the log format ${JSON.stringify(format.slice(0, 200))} cannot be used: it needs ${needed}`,
    {
      hint: 'Give the log_format of nginx as it is in its configuration, or "combined".',
    },
  );
}
