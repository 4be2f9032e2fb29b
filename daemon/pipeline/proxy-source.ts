import type { ProxyBook } from '../observe/proxies/proxy-book.js';
import type { Draft, TickSource } from './meter-loop.js';

/** Looks for proxies on every tick. It counts nothing itself: it says which flows of others go to one. */
export class ProxySource implements TickSource {
  readonly name = 'proxies';
  readonly #book: ProxyBook;
  readonly #changed: () => void;
  #generation: number | undefined;

  /** @param changed called when there are other proxies than at the last tick */
  constructor(book: ProxyBook, changed: () => void) {
    this.#book = book;
    this.#changed = changed;
  }

  draft(): Draft {
    this.#book.look();
    if (this.#book.generation !== this.#generation) this.#changed();
    this.#generation = this.#book.generation;
    return { tier: 'exact', rows: [], links: [], owners: [], positions: [], forget: [] };
  }

  accept(): void {}
}
