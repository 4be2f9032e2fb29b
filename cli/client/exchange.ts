import { request } from 'node:http';

/** How a socket answers, or that nobody listens there, or that this user may not connect. */
export type Exchange =
  | { kind: 'answer'; body: string }
  | { kind: 'nobody' }
  | { kind: 'refused' }
  | { kind: 'silent'; afterMs: number };

/** Longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 268_435_456;

/**
 * One POST /request over a Unix socket.
 * @param timeoutMs how long nothing at all may come
 */
export function exchange(
  socketPath: string,
  body: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const options = { socketPath, path: '/request', method: 'POST', headers, agent: false as const, signal };
    const outgoing = request({ ...options, signal }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) outgoing.destroy(new Error('the answer is too long'));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ kind: 'answer', body: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.setTimeout(timeoutMs, () => {
      resolve({ kind: 'silent', afterMs: timeoutMs });
      outgoing.destroy();
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const outcome = outcomeOf(error.code);
      if (outcome === undefined) reject(error);
      else resolve(outcome);
    });
    outgoing.end(body);
  });
}

function outcomeOf(errno: string | undefined): Exchange | undefined {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
    // The daemon died with the request in its hands.
    case 'ECONNRESET':
    case 'EPIPE':
      return { kind: 'nobody' };
    case 'EACCES':
    case 'EPERM':
      return { kind: 'refused' };
    default:
      return undefined;
  }
}
