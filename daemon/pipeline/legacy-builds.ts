import { LegacyBuilds } from '../../src/builds/join-legacy.js';
import type { Build, Execution } from '../../src/builds/types.js';
import type { ExecutionListener } from '../observe/executor/executor-watch.js';

/** Builds of an engine that tells nothing of them, from the processes that its executor runs. */
export class LegacyBuildListener implements ExecutionListener {
  readonly #builds = new LegacyBuilds();
  readonly #isLegacy: () => boolean;
  readonly #tell: (build: Build) => void;

  /** @param isLegacy whether the engine that is connected keeps no history of builds */
  constructor(isLegacy: () => boolean, tell: (build: Build) => void) {
    this.#isLegacy = isLegacy;
    this.#tell = tell;
  }

  seen(execution: Execution): void {
    if (this.#isLegacy()) this.#tell(this.#builds.execution(execution));
  }

  gone(execution: Execution): void {
    this.seen(execution);
  }

  missed(): void {}
}
