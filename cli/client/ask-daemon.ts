/** client: how commands talk to the daemon: one question, a live connection, or the data of a stopped one. */
import { NetmeterError } from '../../src/errors.js';
import {
  PROTOCOL_VERSION,
  type Reply,
  type RequestParams,
  type RequestResults,
  type RequestType,
} from '../../src/protocol/messages.js';
import { checkSocketPath, type Place } from '../../src/protocol/paths.js';
import { fromWireError } from '../../src/protocol/wire-error.js';
import { type Exchange, exchange } from './exchange.js';

export interface AskOptions {
  signal?: AbortSignal | undefined;
  /** How long the daemon may say nothing, default 30 s. */
  timeoutMs?: number;
}

export interface Answered<Type extends RequestType> {
  result: RequestResults[Type];
  /** Where the daemon that answered lives. */
  place: Place;
}

const TIMEOUT_MS = 30_000;

/**
 * Asks the first daemon that answers.
 * @throws NetmeterError what the daemon answered, or `daemon-not-running`, `permission-denied`,
 *   `daemon-stuck`, `socket-path-too-long`
 */
export async function askDaemon<Type extends RequestType>(
  places: readonly Place[],
  type: Type,
  params: RequestParams[Type],
  options: AskOptions = {},
): Promise<Answered<Type>> {
  const body = JSON.stringify({ version: PROTOCOL_VERSION, id: 1, type, params });
  let refusedAt: Place | undefined;
  for (const place of places) {
    checkSocketPath(place.socket);
    const outcome = await exchange(place.socket, body, options.timeoutMs ?? TIMEOUT_MS, options.signal);
    if (outcome.kind === 'answer') {
      return { result: resultOf(outcome.body, place) as RequestResults[Type], place };
    }
    if (outcome.kind === 'silent') throw silence(place, outcome);
    if (outcome.kind === 'refused') refusedAt ??= place;
  }
  throw refusedAt === undefined ? notRunning(places) : refused(refusedAt);
}

/** @throws NetmeterError the error in the reply, or `internal` for what is no reply */
export function resultOf(text: string, place: Place): unknown {
  const reply = readReply(text, place);
  if (reply.ok) return reply.result;
  throw fromWireError(reply.error);
}

function readReply(text: string, place: Place): Reply {
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(text);
    if (isReply(value)) return value;
  } catch (error) {
    cause = error;
  }
  throw new NetmeterError('internal', `what answers at ${place.socket} is no netmeter`, { cause });
}

/** Whoever listens there may say anything. */
function isReply(value: unknown): value is Reply {
  const reply = value as Partial<Extract<Reply, { ok: false }>> | { ok: true } | null;
  if (reply?.ok === true) return true;
  return (
    reply?.ok === false && typeof reply.error?.code === 'string' && typeof reply.error.message === 'string'
  );
}

export function notRunning(places: readonly Place[]): NetmeterError {
  const sockets = places.map((place) => place.socket).join(' or ');
  return new NetmeterError('daemon-not-running', `netmeter is not running: nobody listens at ${sockets}`, {
    hint: 'Start it: sudo netmeter start',
  });
}

export function refused(place: Place): NetmeterError {
  return new NetmeterError('permission-denied', `you may not use the daemon's socket ${place.socket}`, {
    hint:
      'Use sudo, or let your user in and log in again: ' +
      'sudo groupadd -f netmeter && sudo usermod -aG netmeter $USER, then restart netmeter',
  });
}

function silence(place: Place, { afterMs }: Extract<Exchange, { kind: 'silent' }>): NetmeterError {
  return new NetmeterError(
    'daemon-stuck',
    `the daemon at ${place.socket} has not answered for ${Math.round(afterMs / 1000)} s`,
    { hint: `See what it does: netmeter logs (${place.logFile})` },
  );
}
