import { connect } from 'node:net';

/** How a socket answers, or that nobody listens there, or that this user may not connect. */
export type Exchange =
  | { kind: 'answer'; body: string }
  | { kind: 'nobody' }
  | { kind: 'refused' }
  | { kind: 'silent'; afterMs: number };

/** Longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 268_435_456;
const HEADERS_END = '\r\n\r\n';

/**
 * One POST /request over a Unix socket, in HTTP/1.0, whose answer is over when the connection is. Loading Node's own
 * HTTP client takes longer than all of this.
 * @param timeoutMs how long nothing at all may come
 */
export function exchange(
  socketPath: string,
  body: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath, ...(signal && { signal }) });
    const chunks: Buffer[] = [];
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) socket.destroy(new Error('the answer is too long'));
      chunks.push(chunk);
    });
    const answered = () => answerIn(Buffer.concat(chunks));
    socket.on('end', () => resolve(answered()));
    socket.setTimeout(timeoutMs, () => {
      resolve({ kind: 'silent', afterMs: timeoutMs });
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const outcome = outcomeOf(error.code);
      if (outcome === undefined) reject(error);
      // What answers before it has read the question may hang up meanwhile.
      else resolve(outcome.kind === 'nobody' ? answered() : outcome);
    });
    const head = ['POST /request HTTP/1.0', 'Content-Type: application/json'];
    socket.write(`${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  });
}

/** What was said after the headers. Whoever says nothing, or ends in the middle of an answer, has died. */
function answerIn(text: Buffer): Exchange {
  const end = text.indexOf(HEADERS_END);
  const head = text.toString('latin1', 0, Math.max(0, end));
  const body = text.subarray(end < 0 ? 0 : end + HEADERS_END.length);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 1);
  return body.length < length ? { kind: 'nobody' } : { kind: 'answer', body: body.toString('utf8') };
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
