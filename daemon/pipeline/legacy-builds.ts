import { LegacyBuilds } from '../../src/builds/join-legacy.js';
import type { Build, Execution } from '../../src/builds/types.js';
import type { ExecutionListener } from '../observe/executor/executor-watch.js';

export interface LegacyBuildListenerOptions {
  /** Whether the engine that is connected keeps no history of builds. */
  isLegacy(): boolean;
  /** Whether clients tell of builds, whose steps these executions may be. */
  isToldOf(): boolean;
  /** Whether an execution is a step of a build that a client told of, as far as is known. */
  isStep(executorId: string): boolean;
  tell(build: Build): Promise<void>;
}

/** More are not held back: a client may tell of a build for days. */
const MOST_HELD = 1_000;

/**
 * Builds of an engine that tells nothing of them, from the processes that its executor runs. What may be a step of a
 * build that a client tells of is held back until that is known.
 */
export class LegacyBuildListener implements ExecutionListener {
  readonly #options: LegacyBuildListenerOptions;
  readonly #builds = new LegacyBuilds();
  /** Those that run, and were told. */
  readonly #told = new Set<string>();
  readonly #held = new Map<string, Execution>();

  constructor(options: LegacyBuildListenerOptions) {
    this.#options = options;
  }

  seen(execution: Execution): void {
    const { isLegacy, isToldOf, isStep } = this.#options;
    const { id } = execution;
    if (!isLegacy()) return;
    if (this.#told.has(id)) void this.#tell(execution);
    else if (this.#held.has(id) || isToldOf()) this.#hold(execution);
    else if (!isStep(id)) void this.#tell(execution);
  }

  gone(execution: Execution): void {
    this.seen(execution);
  }

  missed(): void {}

  /** Tells what was held back and turned out to be no step of a build that is told of. */
  async release(): Promise<void> {
    const held = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(held.map((execution) => this.#let(execution)));
  }

  #hold(execution: Execution): void {
    this.#held.set(execution.id, execution);
    const [oldest] = this.#held.values();
    if (this.#held.size <= MOST_HELD || oldest === undefined) return;
    this.#held.delete(oldest.id);
    void this.#let(oldest);
  }

  async #let(execution: Execution): Promise<void> {
    if (!this.#options.isStep(execution.id)) await this.#tell(execution);
  }

  #tell(execution: Execution): Promise<void> {
    if (execution.goneAt === undefined) this.#told.add(execution.id);
    else this.#told.delete(execution.id);
    return this.#options.tell(this.#builds.execution(execution));
  }
}
