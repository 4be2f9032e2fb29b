import { setTimeout as sleep } from 'node:timers/promises';
import { NetmeterError } from '../../src/errors.js';
import { LiveState } from '../../src/live/state.js';
import type { LiveView } from '../../src/live/types.js';
import { type Event, PROTOCOL_VERSION } from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import { connectLive, type LiveConnection } from '../client/live-connection.js';
import { Questions, type Wishes } from './questions.js';

export interface FeedOptions {
  places: readonly Place[];
  now(): number;
  timeZone: string;
  signal: AbortSignal;
}

const RETRY_MS = 1000;
/** Keeps a LiveState up to date: events as they come, and answers where events do not tell enough. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #state = new LiveState();
  readonly #listeners = new Set<() => void>();
  #wishes: Wishes = { period: 'today', remotes: false, warnings: false, refs: [] };
  #questions: Questions | undefined;
  #wasLive = false;
  #goneSince: number | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  view(): LiveView {
    return this.#state.view(this.#options.now());
  }

  /** Called whenever something is new. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  want(wishes: Wishes): void {
    this.#wishes = wishes;
    this.#questions?.want(wishes);
  }

  /**
   * Connects, and waits for a daemon that is not there or goes away, until `signal` is aborted.
   * @throws NetmeterError for what waiting does not help against: another protocol, no permission
   */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        this.#wait(error);
      }
      this.#told();
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #follow(): Promise<void> {
    const { places, signal, now } = this.#options;
    // A daemon greets before it is asked anything, in its own protocol: of another one nothing is read.
    const other: { error?: NetmeterError; close?: () => void } = {};
    const live = await connectLive(places, (event) => {
      if (event.version === PROTOCOL_VERSION) {
        this.#onEvent(event);
        return;
      }
      other.error = otherProtocol(event);
      other.close?.();
    });
    other.close = () => live.close();
    const close = () => live.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      if (other.error !== undefined) throw other.error;
      await live.ask('subscribe', {});
      this.#wasLive = true;
      this.#goneSince = undefined;
      this.#questions = this.#questionsTo(live);
      this.#questions.start();
      await live.closed;
    } catch (error) {
      throw other.error ?? error;
    } finally {
      signal.removeEventListener('abort', close);
      this.#questions?.stop();
      this.#questions = undefined;
      live.close();
    }
    if (other.error !== undefined) throw other.error;
    this.#goneSince = now();
    throw new NetmeterError('daemon-not-running', 'the daemon is gone', { hint: 'sudo netmeter start' });
  }

  #questionsTo(live: LiveConnection): Questions {
    const { now, timeZone } = this.#options;
    const onAnswer = () => this.#told();
    return new Questions(live, this.#wishes, { state: this.#state, now, timeZone, onAnswer });
  }

  #wait(error: unknown): void {
    const { now, signal } = this.#options;
    if (signal.aborted) return;
    const isGone = error instanceof NetmeterError && error.code === 'daemon-not-running';
    // A daemon that starts anew makes its socket first and lets others in afterwards.
    const comesBack = this.#wasLive && error instanceof NetmeterError && error.code === 'permission-denied';
    if (!isGone && !comesBack) throw error;
    this.#goneSince ??= now();
    const { message: because, hint } = error;
    this.#state.connection({
      state: 'waiting',
      because,
      hint,
      before: this.#wasLive,
      since: this.#goneSince,
    });
  }

  #onEvent(event: Event): void {
    const news = this.#state.event(event, this.#options.now());
    if (news === 'ended' || event.event === 'dropped') this.#questions?.ended();
    else if (news === 'moved') this.#questions?.moved();
    this.#told();
  }

  #told(): void {
    for (const listener of this.#listeners) listener();
  }
}

function otherProtocol(event: Event): NetmeterError {
  const daemon = event.event === 'hello' ? ` (netmeter ${event.daemonVersion})` : '';
  return new NetmeterError(
    'protocol-mismatch',
    `this client speaks protocol ${PROTOCOL_VERSION}, the running daemon${daemon} speaks ${event.version}`,
    { hint: 'The daemon is of another version: netmeter stop && netmeter start' },
  );
}
