/**
 * lifecycle: a daemon's life around whatever it does: its directory and lock, start and stop of its parts,
 * signals, log, and the word to whoever started it.
 */
import type { StopResult } from '../../src/protocol/messages.js';
import type { Log } from './log.js';

/** Something that runs as long as the daemon does. Its constructor does nothing. */
export interface Part {
  readonly name: string;
  /** Resolves when it works. @param signal aborted when the daemon is told to stop meanwhile */
  start(signal: AbortSignal): Promise<void> | void;
  /** Also called when `start` failed half-way. */
  stop(): Promise<void> | void;
  /** How long stopping may take, default 5 s. */
  readonly stopLimitMs?: number;
}

export type StopProblem = StopResult['problems'][number];

const STOP_LIMIT_MS = 5000;

/** Starts parts in order, and stops those that were started in reverse order, whatever each of them does. */
export class Supervisor {
  readonly #log: Log;
  readonly #started: Part[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** @throws what a part's start threw, or the signal's reason; parts started so far stay started */
  async start(parts: readonly Part[], signal: AbortSignal): Promise<void> {
    for (const part of parts) {
      signal.throwIfAborted();
      this.#started.push(part);
      await unlessAborted(Promise.resolve(part.start(signal)), signal);
      this.#log.debug(`${part.name} started`);
    }
  }

  /** Never throws: one part's failure must not keep another from saving what it has. */
  async stop(): Promise<StopProblem[]> {
    const problems: StopProblem[] = [];
    for (let part = this.#started.pop(); part !== undefined; part = this.#started.pop()) {
      const limit = part.stopLimitMs ?? STOP_LIMIT_MS;
      try {
        await withinLimit(part, limit);
        this.#log.debug(`${part.name} stopped`);
      } catch (error) {
        this.#log.error(`${part.name} did not stop`, error);
        problems.push({ part: part.name, message: error instanceof Error ? error.message : String(error) });
      }
    }
    return problems;
  }
}

async function withinLimit(part: Part, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([part.stop(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => {});
  }
}
