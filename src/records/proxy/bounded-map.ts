/** A map that lets go of what was set first when it gets too large. */
export class BoundedMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  /** @returns what was let go of */
  set(key: string, value: Value): Value | undefined {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#most) return undefined;
    const [oldest, dropped] = this.#values.entries().next().value!;
    this.#values.delete(oldest);
    return dropped;
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  entries(): [string, Value][] {
    return [...this.#values];
  }
}
