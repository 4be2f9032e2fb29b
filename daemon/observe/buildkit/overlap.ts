import { markShared } from '../../../src/builds/shared.js';
import type { Build } from '../../../src/builds/types.js';
import type { EpochMs } from '../../../src/units.js';

/** Builds that ended, for as long as one that overlapped them may still be told: to know who ran what. */
export class OverlapMemory {
  #ended: Build[] = [];

  /** @param running others that have not ended */
  mark(build: Build, running: readonly Build[]): Build {
    const others = [...running, ...this.#ended];
    return markShared(build, others);
  }

  add(build: Build): void {
    // What tells a step's runs is kept, what fills memory is not.
    const steps = build.steps.map((step) => ({ ...step, name: '', instruction: '', blobs: [], inputs: [] }));
    this.#ended.push({ ...build, steps });
  }

  /** @param oldest when the oldest build started that is still to be told */
  forgetBefore(oldest: EpochMs): void {
    this.#ended = this.#ended.filter((build) => (build.completedAt ?? 0) >= oldest);
  }
}
