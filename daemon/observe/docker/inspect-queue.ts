/** Ids that wait to be asked about, each at most once, a few at a time. */
export class InspectQueue {
  readonly #ask: (id: string) => Promise<void>;
  readonly #most: number;
  readonly #waiting = new Set<string>();
  #asking = 0;

  /** @param ask does not reject */
  constructor(ask: (id: string) => Promise<void>, most: number) {
    this.#ask = ask;
    this.#most = most;
  }

  /** An id that is being asked about at this moment is asked about once more: it changed since. */
  add(id: string): void {
    this.#waiting.add(id);
    void this.#work();
  }

  clear(): void {
    this.#waiting.clear();
  }

  async #work(): Promise<void> {
    if (this.#asking >= this.#most) return;
    this.#asking += 1;
    for (const id of this.#waiting) {
      this.#waiting.delete(id);
      await this.#ask(id);
    }
    this.#asking -= 1;
  }
}
