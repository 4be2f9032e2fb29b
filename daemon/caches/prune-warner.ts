import { setTimeout as sleep } from 'node:timers/promises';
import type { Build } from '../../src/builds/types.js';
import type { Cache } from '../../src/caches/types.js';
import { formatBytes } from '../../src/text/figures.js';
import type { Milliseconds } from '../../src/units.js';
import type { NewWarning } from '../budget/warning-book.js';

export interface PruneWarnerOptions {
  warnings: {
    raise(...warnings: NewWarning[]): void;
    holding(prefix: string): string[];
    end(keys: string[]): void;
  };
  /** Caches that the engine's rules let go next; undefined while that is not known. */
  threatened(): Promise<readonly Cache[] | undefined>;
  isBuilding(): boolean;
  onProblem(error: unknown): void;
}

/** Engines collect within a minute after a build: until then there is time to copy what is dear. */
const AFTER_BUILD: Milliseconds = 5_000;
const PREFIX = 'cache-prune:';
/** The largest of them are told, the others are in `netmeter cache ls`. */
const MOST_TOLD = 5;
const MOST_NAME = 100;

/** Warns of caches that the engine is about to prune. Looks rarely: sizes of caches are read from their files. */
export class PruneWarner {
  readonly #options: PruneWarnerOptions;
  readonly #stop = new AbortController();
  #isWaiting = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: PruneWarnerOptions) {
    this.#options = options;
  }

  /** A build changed: once it is over, what its caches are now is looked at. */
  built({ status }: Build): void {
    if (status === 'running' || this.#isWaiting) return;
    this.#isWaiting = true;
    sleep(AFTER_BUILD, undefined, { ref: false, signal: this.#stop.signal })
      .then(() => {
        this.#isWaiting = false;
        return this.look();
      })
      // Stopped.
      .catch(() => {});
  }

  /** Never rejects, and never looks while something builds. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look()).catch((error) => this.#options.onProblem(error));
    return this.#looking;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { warnings, threatened, isBuilding } = this.#options;
    if (this.#stop.signal.aborted || isBuilding()) return;
    const caches = await threatened();
    if (caches === undefined) return;
    const keys = new Set(caches.map(keyOf));
    warnings.end(warnings.holding(PREFIX).filter((key) => !keys.has(key)));
    const largest = caches.toSorted((a, b) => (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0));
    warnings.raise(...largest.map((cache, index) => warningOf(cache, index < MOST_TOLD)));
  }
}

function warningOf(cache: Cache, told: boolean): NewWarning {
  const name = (cache.namespace === '' ? cache.id : `${cache.namespace}/${cache.id}`).slice(0, MOST_NAME);
  const size = cache.sizeBytes === undefined ? '' : ` (${formatBytes(cache.sizeBytes)})`;
  return {
    key: keyOf(cache),
    code: 'cache-prune',
    message: `the engine's garbage collection removes the cache mount ${name}${size} next; netmeter cache export keeps a copy`,
    told,
  };
}

function keyOf({ recordId }: Cache): string {
  return `${PREFIX}${recordId}`;
}
