/** The Host of an HTTP/1 request (RFC 9112, section 3.2). */

export interface HttpHost {
  /** Without a port. */
  host: string;
  /** The request goes through a proxy: the server's address is not the host's. */
  viaProxy: boolean;
}

export type HttpReading = { done: true; host: HttpHost | undefined } | { done: false };

const LONGEST_METHOD = 16;
const CR = 13;
const LF = 10;
const NOTHING: HttpReading = { done: true, host: undefined };

/** An upper-case word and a space: cheap, since every segment is asked. */
export function looksLikeRequest(bytes: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, from + LONGEST_METHOD);
  let at = from;
  // M-SEARCH is the one method with a hyphen that is common on the wire.
  while (at < end && ((bytes[at]! >= 65 && bytes[at]! <= 90) || (bytes[at] === 45 && at > from))) at++;
  return at - from >= 3 && at < end && bytes[at] === 32;
}

export function readRequest(bytes: Uint8Array, from: number, to: number): HttpReading {
  const first = lineEnd(bytes, from, to);
  if (first < 0) return { done: false };
  const request = /^([A-Z-]+) (\S+) HTTP\/1\.\d$/.exec(ascii(bytes, from, first));
  if (request === null) return NOTHING;
  const viaProxy = request[1] === 'CONNECT' || /^https?:\/\//i.test(request[2]!);
  let at = first;
  for (;;) {
    const start = afterLine(bytes, at, to);
    const end = lineEnd(bytes, start, to);
    if (end < 0) return { done: false };
    if (end === start) return NOTHING;
    if (isHostLine(bytes, start, end))
      return { done: true, host: hostOf(ascii(bytes, start + 5, end), viaProxy) };
    at = end;
  }
}

function hostOf(value: string, viaProxy: boolean): HttpHost | undefined {
  const text = value.trim();
  const host = text.startsWith('[') ? text.slice(1).replace(/\].*$/, '') : text.replace(/:\d*$/, '');
  return host === '' || /[^\x21-\x7e]/.test(host) ? undefined : { host, viaProxy };
}

function isHostLine(bytes: Uint8Array, from: number, to: number): boolean {
  return (
    to - from > 5 &&
    bytes[from + 4] === 58 &&
    (bytes[from]! | 32) === 104 &&
    ascii(bytes, from, from + 4).toLowerCase() === 'host'
  );
}

/** Where the line's CR or LF is; negative when the line is not complete. */
function lineEnd(bytes: Uint8Array, from: number, to: number): number {
  const at = bytes.indexOf(LF, from);
  if (at < 0 || at >= to) return -1;
  return at > from && bytes[at - 1] === CR ? at - 1 : at;
}

function afterLine(bytes: Uint8Array, end: number, to: number): number {
  return Math.min(to, bytes[end] === CR ? end + 2 : end + 1);
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, Math.min(to, from + 8192)));
}
