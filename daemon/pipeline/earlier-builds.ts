import type { Store } from '../store/types.js';

/**
 * Builds that are in an engine's history from before anything was counted at all. BuildKit remembers them
 * for two days; they are listed by ref, so that later runs do not take them for builds they missed.
 */
export class EarlierBuilds {
  readonly #store: Store;
  readonly #metaKey: string;
  readonly #isFirstRun: boolean;
  readonly #refs = new Set<string>();
  #listing = false;

  constructor(store: Store, engine: string, isFirstRun: boolean) {
    this.#store = store;
    this.#metaKey = `builds-before:${engine}`;
    this.#isFirstRun = isFirstRun;
  }

  async load(): Promise<void> {
    const text = await this.#store.meta(this.#metaKey);
    for (const ref of text === undefined ? [] : (JSON.parse(text) as string[])) this.#refs.add(ref);
    this.#listing = this.#isFirstRun;
  }

  /** While the first run reads the history, everything that has ended is from before. */
  isEarlier(ref: string): boolean {
    if (this.#listing) this.#refs.add(ref);
    return this.#refs.has(ref);
  }

  async save(): Promise<void> {
    if (!this.#listing) return;
    this.#listing = false;
    await this.#store.setMeta(this.#metaKey, JSON.stringify([...this.#refs]));
  }
}
