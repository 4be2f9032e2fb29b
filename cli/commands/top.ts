import { setTimeout as sleep } from 'node:timers/promises';
import { NetmeterError } from '../../src/errors.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import type { Event } from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import { placesOf } from '../ask.js';
import { connectLive } from '../client/live-connection.js';
import type { Command, CommandContext } from '../command.js';
import type { Io } from '../io.js';
import { eventLines } from '../view/event-lines.js';

interface TopOptions {
  plain?: boolean;
}

const RECONNECT_MS = 1000;

export const top: Command<TopOptions> = {
  name: 'top',
  summary: 'what is moving right now: builds, owners, remotes, budget',
  description:
    'Shows what is moving right now, in the whole terminal; ? lists the keys. Where the output is no terminal, ' +
    'one line an event. INK_SCREEN_READER=true speaks in sentences.',
  options: [{ flags: '--plain', description: 'plain lines, as when the output is no terminal' }],
  async run({ io, options }) {
    const places = placesOf(io, options);
    const { terminal } = io;
    if (options.plain || options.json || terminal === undefined) return showEvents(places, io, options);
    const { env, timeZone, signal } = io;
    const { showLiveView } = await import('../ui/live-view.js');
    const { colors } = io.stdout;
    try {
      await showLiveView({ places, terminal, env, colors, timeZone, now: io.now, signal });
    } catch (error) {
      throw ours(error);
    }
    return 0;
  },
};

/** The view is a bundle of its own, with a class of errors of its own. */
function ours(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'NetmeterError') return error;
  const { code, message, hint } = error as NetmeterError;
  return new NetmeterError(code, message, { ...(hint !== undefined && { hint }), cause: error.cause });
}

async function showEvents(
  places: readonly Place[],
  io: Io,
  options: CommandContext<TopOptions>['options'],
): Promise<number> {
  const show = (event: Event) => {
    if (options.json) io.stdout.write(`${JSON.stringify({ schema: SCHEMA, ...event })}\n`);
    else for (const line of eventLines(event, io.timeZone)) io.stdout.write(`${line}\n`);
  };
  let wasConnected = false;
  while (!io.signal.aborted) {
    try {
      const live = await connectLive(places, show);
      wasConnected = true;
      const close = () => live.close();
      io.signal.addEventListener('abort', close, { once: true });
      await live.ask('subscribe', {});
      await live.closed;
      io.signal.removeEventListener('abort', close);
      if (!io.signal.aborted) {
        io.stderr.write('netmeter: the daemon is gone; waiting for it to come back\n');
      }
    } catch (error) {
      // A daemon that restarts is waited for; one that never was there is an error.
      const isGone = error instanceof NetmeterError && error.code === 'daemon-not-running';
      if (!wasConnected || !isGone) throw error;
    }
    await sleep(RECONNECT_MS, undefined, { signal: io.signal }).catch(() => {});
  }
  return 0;
}
