import type { WebSocket } from 'ws';
import { NetmeterError } from '../../src/errors.js';
import {
  type Event,
  PROTOCOL_VERSION,
  type Reply,
  type RequestParams,
  type RequestResults,
  type RequestType,
} from '../../src/protocol/messages.js';
import { checkSocketPath, type Place } from '../../src/protocol/paths.js';
import { fromWireError } from '../../src/protocol/wire-error.js';
import { notRunning, refused, resultOf } from './ask-daemon.js';

type Waiting = { resolve(result: unknown): void; reject(error: unknown): void };

/** A WebSocket to the daemon: questions whenever, and events once `subscribe` was asked. */
export class LiveConnection {
  readonly place: Place;
  readonly #socket: WebSocket;
  readonly #onEvent: (event: Event) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #closed: Promise<void>;
  #nextId = 1;

  constructor(socket: WebSocket, place: Place, onEvent: (event: Event) => void) {
    this.place = place;
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.on('message', (data) => this.#onMessage(JSON.parse(String(data)) as Event | Reply));
    socket.on('error', () => socket.terminate());
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const { reject } of this.#waiting.values()) reject(notRunning([place]));
        this.#waiting.clear();
        resolve();
      });
    });
  }

  /** Resolves when the connection is over, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  ask<Type extends RequestType>(type: Type, params: RequestParams[Type]): Promise<RequestResults[Type]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as RequestResults[Type]), reject });
      this.#socket.send(JSON.stringify({ version: PROTOCOL_VERSION, id, type, params }), (error) => {
        if (error && this.#waiting.delete(id)) reject(notRunning([this.place]));
      });
    });
  }

  close(): void {
    this.#socket.close();
  }

  #onMessage(message: Event | Reply): void {
    if ('event' in message) {
      this.#onEvent(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.ok) waiting?.resolve(message.result);
    else waiting?.reject(fromWireError(message.error));
  }
}

/**
 * Connects to the first daemon that answers.
 * @param onEvent called for every event, `hello` first
 * @throws NetmeterError as `askDaemon` does
 */
export async function connectLive(
  places: readonly Place[],
  onEvent: (event: Event) => void,
): Promise<LiveConnection> {
  let refusedAt: Place | undefined;
  for (const place of places) {
    checkSocketPath(place.socket);
    const attempt = await open(place, onEvent);
    if (attempt instanceof LiveConnection) return attempt;
    if (attempt === 'refused') refusedAt ??= place;
  }
  throw refusedAt === undefined ? notRunning(places) : refused(refusedAt);
}

async function open(
  place: Place,
  onEvent: (event: Event) => void,
): Promise<LiveConnection | 'nobody' | 'refused'> {
  const { WebSocket } = await import('ws');
  const { connect } = await import('node:net');
  return new Promise((resolve, reject) => {
    const socket = new WebSocket('ws://localhost/live', {
      createConnection: () => connect(place.socket),
      perMessageDeflate: false,
      maxPayload: 0,
    });
    socket.once('open', () => resolve(connection));
    const connection = new LiveConnection(socket, place, onEvent);
    socket.once('unexpected-response', (_, response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        try {
          resultOf(body, place);
        } catch (error) {
          reject(error);
        }
      });
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES' || error.code === 'EPERM') resolve('refused');
      else if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve('nobody');
      else reject(new NetmeterError('internal', `no live connection to ${place.socket}`, { cause: error }));
    });
  });
}
