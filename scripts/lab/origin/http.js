// The HTTP side of the origin: routes, and the count of each request taken from its socket.
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { keystream } from './keystream.js';

/**
 * Routes:
 * - `/bytes/N[/anything]` N bytes, random by path and the same every time, with an ETag
 * - `/slow/N[/anything]?rate=R` the same at R bytes per second (default 1,000,000)
 * - `POST` or `PUT /upload[/anything][?rate=R]` takes a body, reading at most R bytes per second if given
 * - `/stats` the tally as JSON
 * - `/git/…` and `/files/…` the files below those folders, `index.html` of a folder; 304 where nothing changed
 *
 * @param {{tally: import('./tally.js').Tally, filesDir: string}} options
 * @returns {import('node:http').RequestListener}
 */
export function createHandler({ tally, filesDir }) {
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://origin');
    countRequest(tally, url.pathname, request, response);
    route(request, response, url, { tally, filesDir }).catch(() => response.destroy());
  };
}

/** @type {WeakMap<import('node:net').Socket, {sent: number, received: number}>} counted of each connection */
const counted = new WeakMap();

/**
 * A connection may carry several requests, one after the other: each gets what was added since the last.
 *
 * @param {import('./tally.js').Tally} tally
 * @param {string} path
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
function countRequest(tally, path, request, response) {
  const { socket } = request;
  const count = tally.path(path);
  request.on('data', (chunk) => {
    count.bodyReceived += chunk.length;
  });
  request.pause();
  response.once('close', () => {
    const before = counted.get(socket) ?? { sent: 0, received: 0 };
    counted.set(socket, { sent: socket.bytesWritten, received: socket.bytesRead });
    count.requests += 1;
    if (!response.writableFinished) count.aborted += 1;
    count.socketSent += socket.bytesWritten - before.sent;
    count.socketReceived += socket.bytesRead - before.received;
  });
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {URL} url
 * @param {{tally: import('./tally.js').Tally, filesDir: string}} options
 */
async function route(request, response, url, { tally, filesDir }) {
  const [, head = '', size = ''] = url.pathname.split('/');
  const rate = Number(url.searchParams.get('rate') ?? Number.NaN);
  if (head === 'upload') return receive(request, response, rate);
  request.resume();
  if (head === 'stats') return json(response, tally);
  if ((head === 'bytes' || head === 'slow') && /^\d+$/.test(size)) {
    const pace = head === 'slow' ? rate || 1_000_000 : Number.NaN;
    return sendBytes(tally, request, response, url.pathname, Number(size), pace);
  }
  if (head === 'git' || head === 'files') return sendFile(tally, request, response, url.pathname, filesDir);
  response.writeHead(404).end();
}

async function receive(request, response, rate) {
  let received = 0;
  const startedAt = Date.now();
  for await (const chunk of request) {
    received += chunk.length;
    if (rate > 0) await sleep(Math.max(0, (received / rate) * 1000 - (Date.now() - startedAt)));
  }
  json(response, { received });
}

async function sendBytes(tally, request, response, path, length, rate) {
  const etag = `"${createHash('md5').update(path).digest('hex')}"`;
  if (request.headers['if-none-match'] === etag) return response.writeHead(304, { etag }).end();
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': length, etag });
  if (request.method === 'HEAD') return response.end();
  await pipeline(Readable.from(paced(counting(keystream(path, length), tally.path(path)), rate)), response);
}

function* counting(chunks, count) {
  for (const chunk of chunks) {
    count.bodySent += chunk.length;
    yield chunk;
  }
}

/** At most `rate` bytes per second, in pieces of a tenth of a second; unlimited where rate is NaN. */
async function* paced(chunks, rate) {
  const piece = rate > 0 ? Math.max(1, Math.floor(rate / 10)) : Number.POSITIVE_INFINITY;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += piece) {
      const part = chunk.subarray(at, at + piece);
      yield part;
      if (rate > 0) await sleep((part.length / rate) * 1000);
    }
  }
}

async function sendFile(tally, request, response, path, filesDir) {
  const named = join(filesDir, normalize(decodeURIComponent(path)));
  const file = path.endsWith('/') ? join(named, 'index.html') : named;
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) return response.writeHead(404).end();
  const modified = stat.mtime.toUTCString();
  if (request.headers['if-modified-since'] === modified) return response.writeHead(304).end();
  response.writeHead(200, {
    'content-length': stat.size,
    'last-modified': modified,
    // Clients of package indexes ask for it.
    ...(file.endsWith('.html') && { 'content-type': 'text/html; charset=utf-8' }),
  });
  if (request.method === 'HEAD') return response.end();
  tally.path(path).bodySent += stat.size;
  await pipeline(createReadStream(file), response);
}

function json(response, value) {
  const text = `${JSON.stringify(value)}\n`;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
