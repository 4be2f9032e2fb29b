import { closeSync, writeSync } from 'node:fs';
import type { LaunchReport } from '../../src/protocol/launch.js';

/** Says once, to whoever started the daemon and waits, whether it meters or why not. */
export class LaunchReporter {
  #fd: number | undefined;

  /** @param fd an inherited descriptor; `undefined` when nobody waits */
  constructor(fd: number | undefined) {
    this.#fd = fd;
  }

  report(report: LaunchReport): void {
    if (this.#fd === undefined) return;
    try {
      writeSync(this.#fd, `${JSON.stringify(report)}\n`);
      closeSync(this.#fd);
    } catch {
      // Whoever started the daemon has not waited.
    }
    this.#fd = undefined;
  }
}
