/**
 * Lines of verdaccio's log, as JSON or in its pretty form. `<--` is what clients asked; what it asks of its uplink for
 * them has whole URLs, behind `-->` or, since version 6, `---`.
 */
import type { EpochMs } from '../../units.js';
import { objectOf } from './nginx-json.js';

/** A request that was finished, or the first word of it: version 6 tells of it before it has bytes. */
export interface Told {
  at: EpochMs | undefined;
  isUplink: boolean;
  client: string | undefined;
  status: string;
  url: string;
  bytesIn: number;
  bytesOut: number;
}

/** It asks its uplink for something. */
export interface Asking {
  asks: string;
}

export type VerdaccioLine = Told | Asking | 'other' | 'misfit';

const PRETTY =
  /(?:<--|-->|---) (\d{3}),(?: user: \S+?\(([^)]*)\),)? req: '[A-Z]+ ([^']+)'(?:, bytes: (\d+)\/(\d+)|( \(streaming\))|, error: .*)$/;
const IS_PRETTY = /^\s*(?:(?:\S+ )?(?:fatal|error|warn|http|info|debug|trace)\b)/;
const ASKING = /\bmaking request: '[A-Z]+ (https?:\/\/[^']+)'$/;

/** @param at when it was written, which the form itself does not say */
export function prettyLine(line: string, at: EpochMs | undefined): VerdaccioLine {
  const match = PRETTY.exec(line);
  if (match === null) {
    const asks = ASKING.exec(line)?.[1];
    if (asks !== undefined) return { asks };
    return IS_PRETTY.test(line) || line.startsWith(' ') ? 'other' : 'misfit';
  }
  const [, status, client, url, bytesIn, bytesOut, streaming] = match;
  // The same request is told again when it has ended.
  if (streaming !== undefined) return 'other';
  const bytes = { bytesIn: Number(bytesIn ?? 0), bytesOut: Number(bytesOut ?? 0) };
  return { at, isUplink: isUrl(url!), client, status: status!, url: url!, ...bytes };
}

export function jsonLine(line: string): VerdaccioLine {
  const json = objectOf(line);
  if (json === undefined || (typeof json.level !== 'number' && typeof json.level !== 'string'))
    return 'misfit';
  const { msg, status, uri, time: written, remoteIP } = json;
  if (typeof msg !== 'string' || !('time' in json)) return 'misfit';
  if (typeof uri === 'string' && isUrl(uri) && msg.startsWith('making request')) return { asks: uri };
  const request = json.request as { url?: unknown } | null | undefined;
  const bytes = json.bytes as { in?: unknown; out?: unknown } | null | undefined;
  const url = request?.url;
  const isResult = typeof url === 'string' && (typeof status === 'number' || typeof status === 'string');
  if (!isResult || bytes === undefined || bytes === null) return 'other';
  const time = typeof written === 'number' ? written : Date.parse(String(written));
  return {
    at: Number.isFinite(time) ? time : undefined,
    isUplink: json.sub === 'out' || isUrl(url),
    client: typeof remoteIP === 'string' ? remoteIP : undefined,
    status: String(status),
    url,
    bytesIn: whole(bytes.in),
    bytesOut: whole(bytes.out),
  };
}

function isUrl(text: string): boolean {
  return text.startsWith('http://') || text.startsWith('https://');
}

function whole(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
