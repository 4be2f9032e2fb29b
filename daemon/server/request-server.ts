import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NetmeterError } from '../../src/errors.js';
import type { EventBody } from '../../src/protocol/messages.js';
import { type Answer, type Answerer, failed } from './answerer.js';
import { LIVE_LIMITS, type LiveLimits } from './live-client.js';
import { LiveClients } from './live-clients.js';
import { type ClientAccess, mayAsk, type Peer, peerOf } from './peer.js';
import { readBody } from './request-body.js';
import { listenOnSocketFile } from './socket-file.js';

export interface RequestServerOptions {
  socketPath: string;
  mode: number;
  /** Group of the socket's file; `undefined` leaves the daemon's own. */
  gid: number | undefined;
  daemonUid: number;
  access: ClientAccess;
  answerer: Answerer;
  hello: EventBody;
  limits?: LiveLimits;
  /** Milliseconds of a monotonic clock. */
  monotonicMs: () => number;
}

/** Connections at once. More are closed when they come. */
const MAX_CONNECTIONS = 128;
/** How long clients may take to get their last answers when the daemon stops. */
const LAST_WORDS_MS = 1000;

/** HTTP and WebSocket on one Unix socket. */
export class RequestServer {
  readonly name = 'socket';
  readonly #options: RequestServerOptions;
  readonly #server: Server;
  readonly #live: LiveClients;
  readonly #peers = new WeakMap<Socket, Peer>();

  constructor(options: RequestServerOptions) {
    this.#options = options;
    this.#live = new LiveClients(options.answerer, options.limits ?? LIVE_LIMITS, options.monotonicMs);
    this.#server = createServer({ maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 30_000 });
  }

  get hasSubscribers(): boolean {
    return this.#live.hasSubscribers;
  }

  publish(event: EventBody): void {
    this.#live.publish(event);
  }

  async start(): Promise<void> {
    const server = this.#server;
    server.maxConnections = MAX_CONNECTIONS;
    server.maxRequestsPerSocket = 1;
    server.on('connection', (socket: Socket) => this.#onConnection(socket));
    server.on('request', (request, response) => void this.#onRequest(request, response));
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    const { socketPath: path, mode, gid } = this.#options;
    await listenOnSocketFile(server, { path, mode, gid });
  }

  /** Lets answers under way be read, then closes every connection. The socket's file is removed. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    this.#live.close();
    const cut = setTimeout(() => {
      this.#live.terminate();
      this.#server.closeAllConnections();
    }, LAST_WORDS_MS);
    await closed;
    clearTimeout(cut);
  }

  #onConnection(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    try {
      const peer = peerOf(socket);
      if (peer !== undefined) this.#peers.set(socket, peer);
    } catch {
      // Whose name the kernel does not tell is nobody, and nobody is admitted.
    }
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the client went away')));
    const answer = await this.#answer(request, gone.signal);
    if (response.destroyed) return;
    response.writeHead(answer.status, { ...headers(answer.text), connection: 'close' });
    response.end(answer.text);
  }

  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    try {
      const peer = this.#admit(request.socket);
      if (request.url !== '/request' || request.method !== 'POST') throw unknownPath(request);
      const text = await readBody(request);
      return await this.#options.answerer.answer(text, { peer, signal, subscribe: undefined });
    } catch (error) {
      return failed(0, error);
    }
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      const peer = this.#admit(socket as Socket);
      if (request.url !== '/live') throw unknownPath(request);
      this.#live.add(request, socket, head, peer, this.#options.hello).catch(() => socket.destroy());
    } catch (error) {
      const { status, text } = failed(0, error);
      const head = Object.entries({ ...headers(text), connection: 'close' });
      const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.end(`HTTP/1.1 ${status} Refused\r\n${lines}\r\n${text}`);
    }
  }

  #admit(socket: Socket): Peer {
    const peer = this.#peers.get(socket);
    const { daemonUid, access } = this.#options;
    if (peer !== undefined && mayAsk(peer, daemonUid, access)) return peer;
    throw new NetmeterError('permission-denied', `user ${peer?.uid ?? 'unknown'} may not use this daemon`, {
      hint: 'Its data says what its user does all day. Root can let you in: sudo usermod -aG netmeter $USER',
    });
  }
}

function headers(text: string): Record<string, string | number> {
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
}

function unknownPath(request: IncomingMessage): NetmeterError {
  return new NetmeterError('usage', `${request.method} ${request.url} is not offered here`, {
    hint: 'POST /request, or a WebSocket at /live',
  });
}
