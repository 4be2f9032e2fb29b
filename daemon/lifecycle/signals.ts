import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';

export interface SignalActions {
  /** SIGINT or SIGTERM, the first time. */
  stop(signal: NodeJS.Signals): void;
  /** The second time: the process has to end here and now, with this exit code. */
  exitNow(code: number): void;
  /** SIGHUP. */
  reopenLog(): void;
  /** An error that nobody caught. */
  fail(error: unknown): void;
}

/** Connects a process's signals and uncaught errors with what is to be done. Returns the way back. */
export function handleSignals(process: EventEmitter, actions: SignalActions): () => void {
  let stopping = false;
  const onStop = (signal: NodeJS.Signals): void => {
    if (stopping) actions.exitNow(128 + constants.signals[signal]);
    else actions.stop(signal);
    stopping = true;
  };
  const onError = (error: unknown): void => actions.fail(error);
  const listeners: [string, (value: never) => void][] = [
    ['SIGINT', onStop],
    ['SIGTERM', onStop],
    ['SIGHUP', () => actions.reopenLog()],
    ['uncaughtException', onError],
    ['unhandledRejection', onError],
  ];
  for (const [event, listener] of listeners) process.on(event, listener as (value: unknown) => void);
  return () => {
    for (const [event, listener] of listeners) process.off(event, listener as (value: unknown) => void);
  };
}
