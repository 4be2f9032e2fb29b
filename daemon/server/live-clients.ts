import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { type EventBody, MAX_REQUEST_BYTES, PROTOCOL_VERSION } from '../../src/protocol/messages.js';
import type { Answerer } from './answerer.js';
import { LiveClient, type LiveLimits } from './live-client.js';
import type { Peer } from './peer.js';

/** All WebSockets. The WebSocket code is loaded for the first of them: a daemon nobody watches needs none. */
export class LiveClients {
  readonly #answerer: Answerer;
  readonly #limits: LiveLimits;
  readonly #monotonicMs: () => number;
  readonly #clients = new Set<LiveClient>();
  #loading: Promise<WebSocketServer> | undefined;
  #closed = false;

  constructor(answerer: Answerer, limits: LiveLimits, monotonicMs: () => number) {
    this.#answerer = answerer;
    this.#limits = limits;
    this.#monotonicMs = monotonicMs;
  }

  get size(): number {
    return this.#clients.size;
  }

  get hasSubscribers(): boolean {
    for (const client of this.#clients) if (client.subscribed) return true;
    return false;
  }

  /** Completes the handshake of an HTTP upgrade and greets the client. */
  async add(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    peer: Peer,
    hello: EventBody,
  ): Promise<void> {
    this.#loading ??= import('ws').then(
      ({ WebSocketServer }) =>
        new WebSocketServer({ noServer: true, maxPayload: MAX_REQUEST_BYTES, clientTracking: false }),
    );
    const server = await this.#loading;
    if (this.#closed || socket.destroyed) {
      socket.destroy();
      return;
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const client = new LiveClient(webSocket, peer, this.#answerer, this.#limits);
      this.#clients.add(client);
      client.start(() => this.#clients.delete(client));
      client.send(serialise(hello), this.#monotonicMs());
    });
  }

  /** Sends an event to every subscriber. It is turned into text once, and not at all for nobody. */
  publish(event: EventBody): void {
    if (!this.hasSubscribers) return;
    const text = serialise(event);
    const now = this.#monotonicMs();
    for (const client of this.#clients) if (client.subscribed) client.send(text, now);
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.close();
  }

  terminate(): void {
    for (const client of this.#clients) client.terminate();
  }
}

function serialise(event: EventBody): Buffer {
  return Buffer.from(JSON.stringify({ version: PROTOCOL_VERSION, ...event }));
}
