/**
 * server: the daemon's Unix socket. Who may ask, what they ask, and the events that live clients receive.
 * What the answers say is not known here: handlers come from outside.
 */
import { exitCodeOf, NetmeterError } from '../../src/errors.js';
import {
  PROTOCOL_VERSION,
  type Reply,
  type Request,
  type RequestParams,
  type RequestResults,
  type RequestType,
} from '../../src/protocol/messages.js';
import { readRequest } from '../../src/protocol/requests.js';
import { toWireError } from '../../src/protocol/wire-error.js';
import type { Peer } from './peer.js';

export interface RequestContext {
  peer: Peer;
  /** Aborted when the client goes away before it has its answer. */
  signal: AbortSignal;
  /** Makes this client a subscriber; `undefined` where the connection is not a live one. */
  subscribe: (() => void) | undefined;
}

export type Handler<T extends RequestType> = (
  params: RequestParams[T],
  context: RequestContext,
) => RequestResults[T] | Promise<RequestResults[T]>;

/** One handler per request type. Errors that are NetmeterErrors reach the client as they are. */
export type Handlers = { [T in RequestType]?: Handler<T> };

export interface Answer {
  /** HTTP status that fits. */
  status: number;
  /** The Reply as JSON. */
  text: string;
}

/**
 * Turns a request's text into an answer's text. Requests that come while the daemon is still starting wait
 * until `admit` is called, except for those it can answer at any time.
 */
export class Answerer {
  readonly #always: Handlers;
  readonly #version: string;
  readonly #onInternalError: (error: unknown, type: RequestType) => void;
  readonly #admitted: Promise<Handlers>;
  #open: (handlers: Handlers) => void = () => {};
  #closedWith: NetmeterError | undefined;
  #shut: (error: NetmeterError) => void = () => {};

  /** @param always handlers that answer from the start to the very end */
  constructor(
    always: Handlers,
    version: string,
    onInternalError: (error: unknown, type: RequestType) => void = () => {},
  ) {
    this.#always = always;
    this.#version = version;
    this.#onInternalError = onInternalError;
    this.#admitted = new Promise((resolve, reject) => {
      this.#open = resolve;
      this.#shut = reject;
    });
    this.#admitted.catch(() => {});
  }

  admit(handlers: Handlers): void {
    this.#open(handlers);
  }

  /** From now on everything but the ever-ready handlers is answered with this error. */
  close(error: NetmeterError): void {
    this.#closedWith ??= error;
    this.#shut(error);
  }

  async answer(text: string, context: RequestContext): Promise<Answer> {
    const read = readRequest(text, this.#version);
    if ('error' in read) return failed(read.id, read.error);
    const { request } = read;
    try {
      return succeeded(request.id, await this.#run(request, context));
    } catch (error) {
      if (!(error instanceof NetmeterError) && !context.signal.aborted) {
        this.#onInternalError(error, request.type);
      }
      return failed(request.id, error);
    }
  }

  async #run(request: Request, context: RequestContext): Promise<unknown> {
    const ready = this.#always[request.type];
    const handler = ready ?? (await this.#handlers(context.signal))[request.type];
    if (handler === undefined) {
      throw new NetmeterError('usage', `this daemon cannot answer "${request.type}"`);
    }
    return (handler as Handler<RequestType>)(request.params, context);
  }

  async #handlers(signal: AbortSignal): Promise<Handlers> {
    if (this.#closedWith !== undefined) throw this.#closedWith;
    const handlers = await this.#admitted;
    signal.throwIfAborted();
    return handlers;
  }
}

function succeeded(id: number, result: unknown): Answer {
  const reply: Reply = { version: PROTOCOL_VERSION, id, ok: true, result };
  return { status: 200, text: JSON.stringify(reply) };
}

/** An error as a Reply, for requests that never reached a handler, too. */
export function failed(id: number, error: unknown): Answer {
  const reply: Reply = { version: PROTOCOL_VERSION, id, ok: false, error: toWireError(error) };
  return { status: httpStatusOf(error), text: JSON.stringify(reply) };
}

function httpStatusOf(error: unknown): number {
  if (!(error instanceof NetmeterError)) return 500;
  if (error.code === 'permission-denied') return 403;
  if (error.code === 'not-found') return 404;
  if (error.code === 'protocol-mismatch') return 409;
  if (error.code === 'daemon-not-running') return 503;
  return exitCodeOf(error) === 2 ? 400 : 500;
}
