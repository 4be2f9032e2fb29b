/** How commands ask: the running daemon, or for what was stored, a stopped one's database. */
import { NetmeterError } from '../src/errors.js';
import type { RequestParams, RequestResults, RequestType } from '../src/protocol/messages.js';
import { type Place, resolvePlaces } from '../src/protocol/paths.js';
import { askDaemon } from './client/ask-daemon.js';
import { askStopped } from './client/ask-stopped.js';
import type { GlobalOptions } from './command.js';
import type { Io } from './io.js';

/** Questions that the database alone can answer. */
const STORED: readonly RequestType[] = ['builds', 'build', 'report', 'advise'];

export function placesOf(io: Io, options: GlobalOptions): [Place, ...Place[]] {
  const { stateDir, socket } = options;
  return resolvePlaces({ env: io.env, uid: io.uid, cwd: io.cwd, stateDir, socket });
}

/** @throws NetmeterError what the daemon answered, or why nobody could answer */
export async function ask<Type extends RequestType>(
  type: Type,
  params: RequestParams[Type],
  io: Io,
  options: GlobalOptions,
): Promise<RequestResults[Type]> {
  const places = placesOf(io, options);
  try {
    return (await askDaemon(places, type, params, { signal: io.signal })).result;
  } catch (error) {
    const stopped = error instanceof NetmeterError && error.code === 'daemon-not-running';
    if (!stopped || !STORED.includes(type)) throw error;
    return await askStopped(places, io.daemonProgram, type, params);
  }
}
