import type { WarningDocument } from '../../src/protocol/documents.js';
import type { EventBody } from '../../src/protocol/messages.js';
import type { EpochMs } from '../../src/units.js';
import type { Store } from '../store/types.js';
import type { StoredWarning } from '../store/warnings.js';

export interface NewWarning {
  /** What it is about: it is given once, until it is over. */
  key: string;
  /** Of docs/errors.md. */
  code: string;
  message: string;
  /** False for what was passed together with something worse that is told. */
  told?: boolean;
}

export interface WarningBookOptions {
  store: Store;
  now(): EpochMs;
  publish(event: EventBody): void;
  onProblem(message: string, error: unknown): void;
}

/** How long a warning is shown in `status`, as long as nobody says that it is over. */
const SHOWN_FOR = 7 * 86_400_000;
/** The newest of them. */
const MOST_SHOWN = 50;

/** Warnings, each given once: told to whoever listens, kept for those who come later and for later runs. */
export class WarningBook {
  readonly #options: WarningBookOptions;
  readonly #known = new Map<string, StoredWarning>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: WarningBookOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const { store, now } = this.#options;
    for (const warning of await store.warnings(now() - SHOWN_FOR)) this.#known.set(warning.key, warning);
  }

  holds(key: string): boolean {
    return this.#known.get(key)?.holds === true;
  }

  /** Keys that begin so and hold. */
  holding(prefix: string): string[] {
    return [...this.#known.values()]
      .filter(({ key, holds }) => holds && key.startsWith(prefix))
      .map(({ key }) => key);
  }

  /** Gives those that do not hold yet. */
  raise(...warnings: readonly NewWarning[]): void {
    const at = this.#options.now();
    const fresh = warnings
      .filter(({ key }) => !this.holds(key))
      .map(({ told = true, ...warning }) => ({ ...warning, told, at, seen: false, holds: true }));
    if (fresh.length === 0) return;
    for (const warning of fresh) this.#known.set(warning.key, warning);
    this.#write(async (store) => {
      await store.raiseWarnings(fresh);
    });
    for (const { code, message, told } of fresh) {
      if (told) this.#options.publish({ event: 'warning', warning: { code, message, at: iso(at) } });
    }
  }

  /** They are over, and may be given again. */
  end(keys: readonly string[]): void {
    const ended = keys.filter((key) => this.holds(key));
    if (ended.length === 0) return;
    for (const key of ended) this.#known.set(key, { ...this.#known.get(key)!, holds: false });
    this.#write((store) => store.endWarnings(ended));
  }

  /** A person has seen all of them up to an instant. */
  async seen(until: EpochMs): Promise<void> {
    for (const [key, warning] of this.#known) {
      if (warning.at <= until) this.#known.set(key, { ...warning, seen: true });
    }
    this.#write((store) => store.markWarningsSeen(until));
    await this.#writing;
  }

  /** Told of late, oldest first. */
  documents(since: EpochMs = this.#options.now() - SHOWN_FOR): WarningDocument[] {
    return [...this.#known.values()]
      .filter(({ told, at }) => told && at >= since)
      .toSorted((a, b) => a.at - b.at)
      .slice(-MOST_SHOWN)
      .map(({ code, message, at, seen }) => ({ code, message, at: iso(at), seen }));
  }

  /** Everything is stored. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  #write(change: (store: Store) => Promise<void>): void {
    const { store, onProblem } = this.#options;
    this.#writing = this.#writing
      .then(() => change(store))
      .catch((error: unknown) => onProblem('a warning could not be stored', error));
  }
}

function iso(at: EpochMs): string {
  return new Date(at).toISOString();
}
