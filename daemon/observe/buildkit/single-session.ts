import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionRequestOptions,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Milliseconds } from '../../../src/units.js';

/** How long an engine may take to say that it speaks HTTP/2. */
const PATIENCE: Milliseconds = 10_000;

/**
 * HTTP/2 over one connection that is open already, for connect-node. The library's own manager opens
 * connections as it needs them; given one that breaks off, it waits for ever, or asks again without a pause
 * (connect-node 2.1.2). Here a request on a connection that has ended fails.
 */
export class SingleSession {
  readonly authority = 'http://buildkit';
  readonly #session: ClientHttp2Session;
  readonly #greeted: Promise<void>;

  constructor(socket: Duplex) {
    this.#session = connect(this.authority, { createConnection: () => socket });
    this.#greeted = greeting(this.#session, socket);
    // Reported by the requests that wait for it.
    this.#greeted.catch(() => {});
  }

  get closed(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }

  async request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    options: Omit<ClientSessionRequestOptions, 'signal'>,
  ): Promise<ClientHttp2Stream> {
    await this.#greeted;
    if (this.closed) throw gone();
    return this.#session.request({ ...headers, ':method': method, ':path': path }, options);
  }

  notifyResponseByteRead(): void {}

  close(): void {
    this.#session.destroy();
  }
}

/** The other side's first frame, without which nothing is known of what it speaks. */
function greeting(session: ClientHttp2Session, socket: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => session.destroy(gone('it did not speak HTTP/2 in time')), PATIENCE);
    session.once('remoteSettings', () => {
      clearTimeout(timer);
      resolve();
    });
    const end = (error?: unknown): void => {
      clearTimeout(timer);
      reject(error ?? gone());
    };
    session.on('error', end);
    session.once('close', () => {
      socket.destroy();
      end();
    });
    // A session over a connection that ended before it began does not notice.
    socket.once('close', () => session.destroy());
    if (socket.destroyed) session.destroy();
  });
}

function gone(because = 'the connection has ended'): ConnectError {
  return new ConnectError(because, Code.Unavailable);
}
