import type { RawData, WebSocket } from 'ws';
import { NetmeterError } from '../../src/errors.js';
import { type Event, PROTOCOL_VERSION } from '../../src/protocol/messages.js';
import { type Answer, type Answerer, failed } from './answerer.js';
import type { Peer } from './peer.js';

export interface LiveLimits {
  /** Bytes that wait for one client at most, before it misses events. */
  bufferBytes: number;
  /** How long a client with a full buffer may take nothing before it is closed. */
  stuckMs: number;
  /** Requests under way from one client. */
  pending: number;
}

export const LIVE_LIMITS: LiveLimits = { bufferBytes: 1_048_576, stuckMs: 30_000, pending: 32 };

/** WebSocket close codes (RFC 6455, section 7.4.1). */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/** One WebSocket. What waits for a client that does not read is bounded; what it misses is counted. */
export class LiveClient {
  subscribed = false;
  readonly #socket: WebSocket;
  readonly #peer: Peer;
  readonly #answerer: Answerer;
  readonly #limits: LiveLimits;
  readonly #gone = new AbortController();
  #pending = 0;
  #dropped = 0;
  #fullSince: number | undefined;
  #fullWith = 0;

  constructor(socket: WebSocket, peer: Peer, answerer: Answerer, limits: LiveLimits) {
    this.#socket = socket;
    this.#peer = peer;
    this.#answerer = answerer;
    this.#limits = limits;
  }

  start(onClose: () => void): void {
    this.#socket.on('message', (data, isBinary) => void this.#onMessage(data, isBinary));
    this.#socket.on('error', () => this.#socket.terminate());
    this.#socket.once('close', () => {
      this.#gone.abort(new Error('the client went away'));
      onClose();
    });
  }

  /**
   * Sends an event, or counts it as missed while the client's buffer is full.
   * @param text the event as JSON, the same bytes for every client
   * @param now milliseconds of a monotonic clock
   */
  send(text: Buffer, now: number): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount + text.length > this.#limits.bufferBytes) {
      this.#dropped += 1;
      this.#closeIfStuck(now);
      return;
    }
    this.#fullSince = undefined;
    if (this.#dropped > 0) {
      const dropped: Event = { version: PROTOCOL_VERSION, event: 'dropped', count: this.#dropped };
      this.#socket.send(JSON.stringify(dropped));
      this.#dropped = 0;
    }
    this.#socket.send(text, { binary: false });
  }

  /** Says goodbye; what is not taken by then is cut off. */
  close(): void {
    this.#socket.close(GOING_AWAY, 'the daemon stops');
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #closeIfStuck(now: number): void {
    const waiting = this.#socket.bufferedAmount;
    if (this.#fullSince === undefined || waiting < this.#fullWith) {
      this.#fullSince = now;
      this.#fullWith = waiting;
    } else if (now - this.#fullSince >= this.#limits.stuckMs) {
      this.#socket.terminate();
    }
  }

  async #onMessage(data: RawData, isBinary: boolean): Promise<void> {
    if (this.#pending >= this.#limits.pending) {
      this.#socket.close(POLICY_VIOLATION, 'too many requests at once');
      return;
    }
    this.#pending += 1;
    const answer = isBinary ? binaryRefused() : await this.#answer(data);
    // Counted until it is written: answers that nobody reads do not pile up either.
    this.#socket.send(answer.text, () => {
      this.#pending -= 1;
    });
  }

  #answer(data: RawData): Promise<Answer> {
    const subscribe = (): void => {
      this.subscribed = true;
    };
    return this.#answerer.answer(String(data), { peer: this.#peer, signal: this.#gone.signal, subscribe });
  }
}

function binaryRefused(): Answer {
  return failed(0, new NetmeterError('usage', 'requests are texts, not binary messages'));
}
