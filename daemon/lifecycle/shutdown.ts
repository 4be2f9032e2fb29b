import { failureOf } from '../../src/errors.js';
import type { Log } from './log.js';
import type { StopProblem } from './supervisor.js';

/** Ends the daemon once, whoever asks first and however many ask. */
export class Shutdown {
  readonly #log: Log;
  readonly #aborter = new AbortController();
  readonly #requested: Promise<void>;
  #onRequested: () => void = () => {};
  readonly #stopped: Promise<StopProblem[]>;
  #onStopped: (problems: StopProblem[]) => void = () => {};
  #failed = false;

  constructor(log: Log) {
    this.#log = log;
    this.#requested = new Promise((resolve) => {
      this.#onRequested = resolve;
    });
    this.#stopped = new Promise((resolve) => {
      this.#onStopped = resolve;
    });
  }

  /** Aborted by the first request. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** Resolves with the first request. */
  get requested(): Promise<void> {
    return this.#requested;
  }

  /** True when a failure is what ends the daemon. */
  get failed(): boolean {
    return this.#failed;
  }

  /**
   * Asks for the end. Resolves when all parts are stopped, with those that did not stop well.
   * @param because for the log
   * @param failure the error that makes it necessary
   */
  request(because: string, failure?: unknown): Promise<StopProblem[]> {
    if (failure !== undefined) {
      this.#failed = true;
      this.#log.error(because, failure);
    }
    if (!this.#aborter.signal.aborted) {
      this.#log.info(`stopping: ${because}`);
      const why = failure === undefined ? because : `${because}: ${failureOf(failure).because}`;
      this.#aborter.abort(new Error(`stopped while starting: ${why}`));
      this.#onRequested();
    }
    return this.#stopped;
  }

  /** All parts are stopped. */
  done(problems: StopProblem[]): void {
    this.#onStopped(problems);
  }
}
