import { NetmeterError } from '../../../src/errors.js';
import type { EpochMs, Milliseconds } from '../../../src/units.js';
import type { DockerEvent } from './docker-events.js';
import type { EngineAddress } from './engine-address.js';
import { EngineSession, type EngineSnapshot } from './engine-session.js';
import { backoff, waitForEngine } from './engine-wait.js';

/** A connection that lasted this long was a good one, and the next failure is the first. */
const GOOD: Milliseconds = 10_000;

export interface ConnectionHandlers {
  /** `order` of the newest event that was heard on an earlier connection. */
  newest(): number | undefined;
  /** @param began when the stock was begun to be taken */
  connected(session: EngineSession, snapshot: EngineSnapshot, began: EpochMs): void;
  event(event: DockerEvent): void;
  /** The connection ended, or there was none. */
  lost(reason: Error): void;
}

export interface ConnectionOptions {
  address: EngineAddress;
  procRoot: string;
  now: () => EpochMs;
}

/** Connects to the engine, follows its events to their end, waits, and begins anew, until the signal. */
export async function keepConnected(
  options: ConnectionOptions,
  handlers: ConnectionHandlers,
  signal: AbortSignal,
): Promise<void> {
  const { address, now } = options;
  let failures = 0;
  while (!signal.aborted) {
    const began = now();
    const reason = await connectOnce(options, handlers, signal);
    if (signal.aborted) return;
    handlers.lost(reason);
    failures = now() - began > GOOD ? 1 : failures + 1;
    if (await waitForEngine(address, backoff(failures), signal)) failures = 0;
  }
}

/** @returns why the connection ended */
async function connectOnce(
  { address, procRoot, now }: ConnectionOptions,
  handlers: ConnectionHandlers,
  signal: AbortSignal,
): Promise<Error> {
  const session = new EngineSession(address, procRoot);
  const began = now();
  try {
    const snapshot = await session.connect(handlers.newest(), signal);
    handlers.connected(session, snapshot, began);
    await session.follow((event) => handlers.event(event));
    return new NetmeterError(
      'engine-unreachable',
      `the Docker engine at ${address.url} ended the connection`,
    );
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    session.close();
  }
}
