import { setTimeout as sleep } from 'node:timers/promises';
import { NetmeterError } from '../../src/errors.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import type { Event } from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import { escapeText } from '../../src/text/escape.js';
import { placesOf } from '../ask.js';
import { askDaemon } from '../client/ask-daemon.js';
import { connectLive } from '../client/live-connection.js';
import type { Command, CommandContext } from '../command.js';
import type { Io } from '../io.js';
import { chooseNotifier, type Notifier, type Shown } from '../notify/notifier.js';

interface NotifyOptions {
  once?: boolean;
}

const RECONNECT_MS = 2000;

export const notify: Command<NotifyOptions> = {
  name: 'notify',
  summary: 'show warnings on your desktop, or hand them to a command of yours',
  description:
    'Shows warnings as desktop notifications as they come, until it is stopped: run it in your session, as the user ' +
    'whose desktop it is. With a command, that is run instead, without a shell: the message is its last argument, ' +
    'and NETMETER_WARNING_CODE, _MESSAGE and _AT are in its environment. A warning that was shown is marked as seen.',
  operands: [['[command...]', 'a command of yours and its arguments, best after --']],
  options: [{ flags: '--once', description: 'show those that nobody has seen, then end' }],
  passThrough: true,
  async run({ io, args, options }: CommandContext<NotifyOptions>) {
    const places = placesOf(io, options);
    const agent = new Agent(io, places, chooseNotifier(args, io.env), options.json === true);
    if (options.once) {
      await agent.catchUp();
      return 0;
    }
    for (;;) {
      await agent.follow();
      if (io.signal.aborted) return 0;
      await sleep(RECONNECT_MS, undefined, { signal: io.signal }).catch(() => {});
      if (io.signal.aborted) return 0;
    }
  },
};

/** Shows each warning once, one after the other. */
class Agent {
  readonly #io: Io;
  readonly #places: [Place, ...Place[]];
  readonly #notify: Notifier;
  readonly #json: boolean;
  readonly #shown = new Set<string>();
  #showing: Promise<void> = Promise.resolve();
  #wasConnected = false;

  constructor(io: Io, places: [Place, ...Place[]], notifier: Notifier, json: boolean) {
    this.#io = io;
    this.#places = places;
    this.#notify = notifier;
    this.#json = json;
  }

  /** Shows what nobody has seen. */
  async catchUp(): Promise<void> {
    const { result } = await askDaemon(this.#places, 'status', {}, { signal: this.#io.signal });
    for (const warning of result.warnings) if (!warning.seen) this.#show(warning);
    await this.#showing;
  }

  /** Until the daemon goes; a daemon that restarts is waited for, one that never was there is an error. */
  async follow(): Promise<void> {
    const io = this.#io;
    try {
      const live = await connectLive(this.#places, (event) => this.#onEvent(event));
      this.#wasConnected = true;
      const close = () => live.close();
      io.signal.addEventListener('abort', close, { once: true });
      if (io.signal.aborted) close();
      await live.ask('subscribe', {});
      await this.catchUp();
      await live.closed;
      io.signal.removeEventListener('abort', close);
    } catch (error) {
      if (io.signal.aborted) return;
      const isGone = error instanceof NetmeterError && error.code === 'daemon-not-running';
      if (!this.#wasConnected || !isGone) throw error;
    }
  }

  #onEvent(event: Event): void {
    if (event.event === 'warning') this.#show(event.warning);
  }

  #show(warning: Shown): void {
    const key = JSON.stringify([warning.code, warning.at, warning.message]);
    if (this.#shown.has(key)) return;
    this.#shown.add(key);
    this.#showing = this.#showing.then(() => this.#showOne(warning));
  }

  async #showOne(warning: Shown): Promise<void> {
    const { stdout, stderr } = this.#io;
    if (this.#json) stdout.write(`${JSON.stringify({ schema: SCHEMA, ...warning })}\n`);
    try {
      await this.#notify(warning);
      await askDaemon(this.#places, 'warnings-seen', { until: Date.parse(warning.at) });
    } catch (error) {
      const code = error instanceof NetmeterError ? error.code : 'internal';
      const message = error instanceof Error ? error.message : String(error);
      stderr.write(`netmeter: a warning could not be shown: ${escapeText(message)} (${code})\n`);
    }
  }
}
