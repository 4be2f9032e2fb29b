/** Who wants to hear of something. One listener that throws does not keep the others from hearing. */
export class Listeners<Value> {
  readonly #listeners = new Set<(value: Value) => void>();
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** @returns the function that ends it */
  add(listener: (value: Value) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  tell(value: Value): void {
    for (const listener of this.#listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
