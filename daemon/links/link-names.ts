/**
 * links: what the host's links are called, whether they are metered, and what their owners wish of them.
 * An interface is one link today and another tomorrow: here is which, and since which sample.
 */

/** Which link each interface is. Renamed between samples only, so that all rows of one sample agree. */
export class LinkNames {
  readonly #first: (interfaceName: string) => string;
  readonly #current = new Map<string, string>();
  readonly #announced = new Map<string, string | undefined>();
  /** Announced before the sample that is under way or has been: they hold from the next one on. */
  readonly #ready = new Map<string, string | undefined>();
  #generation = 0;
  #sampled = false;

  /** @param first what an interface is called that nobody named yet */
  constructor(first: (interfaceName: string) => string) {
    this.#first = first;
  }

  /** Changes whenever an interface gets another name. */
  get generation(): number {
    return this.#generation;
  }

  of(interfaceName: string): string {
    const known = this.#current.get(interfaceName);
    if (known !== undefined) return known;
    const name = this.#first(interfaceName);
    this.#current.set(interfaceName, name);
    return name;
  }

  /** The interface that a link is reached by now. */
  interfaceOf(name: string): string | undefined {
    for (const [interfaceName, current] of this.#current) if (current === name) return interfaceName;
    return undefined;
  }

  /**
   * What was counted until the next sample still belongs to the old name, so one should be made at once.
   * @returns whether that is news
   */
  rename(interfaceName: string, name: string): boolean {
    const coming =
      this.#announced.get(interfaceName) ?? this.#ready.get(interfaceName) ?? this.of(interfaceName);
    if (coming === name) return false;
    if (this.#sampled) this.#announced.set(interfaceName, name);
    else this.#current.set(interfaceName, name);
    return true;
  }

  /** It vanished: the next interface of this name is another one. */
  forget(interfaceName: string): void {
    if (this.#current.has(interfaceName)) this.#announced.set(interfaceName, undefined);
  }

  /** A sample begins. */
  nextSample(): void {
    this.#sampled = true;
    for (const [interfaceName, name] of this.#ready) {
      if (name === undefined) this.#current.delete(interfaceName);
      else this.#current.set(interfaceName, name);
      this.#generation++;
    }
    this.#ready.clear();
    for (const [interfaceName, name] of this.#announced) this.#ready.set(interfaceName, name);
    this.#announced.clear();
  }
}
