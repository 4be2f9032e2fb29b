import type { OnSignal } from './io.js';

const HANDLED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
const EXIT_INTERRUPTED = 130;

/**
 * The first SIGINT or SIGTERM asks for an end, a second one is the end, whatever is waited for. A command
 * that takes signals over gets all of them.
 */
export function takeSignals(controller: AbortController): OnSignal {
  const end = () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort();
  };
  for (const signal of ENDING) process.on(signal, end);
  // Never without a listener in between: Node would drop a signal that has come and was not told of yet.
  return (listener) => {
    for (const signal of HANDLED) process.on(signal, listener);
    for (const signal of ENDING) process.off(signal, end);
    return () => {
      for (const signal of ENDING) process.on(signal, end);
      for (const signal of HANDLED) process.off(signal, listener);
    };
  };
}
