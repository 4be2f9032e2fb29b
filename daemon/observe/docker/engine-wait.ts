import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Milliseconds } from '../../../src/units.js';
import type { EngineAddress } from './engine-address.js';

const SHORTEST: Milliseconds = 250;
const LONGEST: Milliseconds = 30_000;

/** @param failures connections in a row that came to nothing, 1 for the first */
export function backoff(failures: number): Milliseconds {
  return Math.min(LONGEST, SHORTEST * 2 ** Math.min(failures - 1, 20));
}

/**
 * Waits, but no longer than until the engine's socket or its pid file changes: an engine that is started
 * while nobody polls is found at once.
 *
 * @returns true when something changed
 */
export function waitForEngine(
  address: EngineAddress,
  longest: Milliseconds,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (changed: boolean): void => {
      clearTimeout(timer);
      unwatch?.();
      signal.removeEventListener('abort', aborted);
      resolve(changed);
    };
    const aborted = (): void => end(false);
    const timer = setTimeout(() => end(false), longest);
    const unwatch = address.kind === 'unix' ? onSocketChange(address.socketPath, () => end(true)) : undefined;
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
  });
}

function onSocketChange(socketPath: string, changed: () => void): (() => void) | undefined {
  const names = [basename(socketPath), 'docker.pid'];
  try {
    const watcher = watch(dirname(socketPath), (_event, name) => {
      if (name !== null && names.includes(name)) changed();
    });
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return undefined;
  }
}
