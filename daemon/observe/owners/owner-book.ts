import type { Owner, OwnerFacts, OwnerKind } from '../../../src/metering/types.js';

/** What others found out about an owner: the text of a build's step, say. */
export interface OwnerNews {
  kind?: OwnerKind;
  name?: string;
  facts?: OwnerFacts;
}

/** Of steps that never had traffic, too. */
const MOST_NEWS = 10_000;

/** All owners as they are known at present: what their cgroups tell, and on top of it what others do. */
export class OwnerBook {
  readonly #owners = new Map<string, Owner>();
  readonly #news = new Map<string, OwnerNews>();
  readonly #told: (owner: Owner) => void;

  /** @param told hears of every owner once, and again whenever something about it changed */
  constructor(told: (owner: Owner) => void) {
    this.#told = told;
  }

  get(id: string): Owner | undefined {
    return this.#owners.get(id);
  }

  /** @returns the owner with all that is known of it */
  put(base: Owner): Owner {
    const news = this.#news.get(base.id);
    const owner = news === undefined ? base : { ...base, ...news, facts: { ...base.facts, ...news.facts } };
    const before = this.#owners.get(owner.id);
    if (before !== undefined && isSame(before, owner)) return before;
    this.#owners.set(owner.id, owner);
    this.#told(owner);
    return owner;
  }

  /** Adds to an owner what was found out elsewhere, be it known yet or not. */
  describe(id: string, news: OwnerNews): void {
    const before = this.#news.get(id);
    this.#news.delete(id);
    this.#news.set(id, { ...before, ...news, facts: { ...before?.facts, ...news.facts } });
    for (const oldest of this.#news.keys()) {
      if (this.#news.size <= MOST_NEWS) break;
      this.#news.delete(oldest);
    }
    const owner = this.#owners.get(id);
    if (owner !== undefined) this.put(owner);
  }

  /** Forgets all owners but these. */
  keep(used: ReadonlySet<string>): void {
    for (const id of this.#owners.keys()) if (!used.has(id)) this.#owners.delete(id);
  }
}

function isSame(a: Owner, b: Owner): boolean {
  const names = [...new Set([...Object.keys(a.facts), ...Object.keys(b.facts)])] as (keyof OwnerFacts)[];
  return a.kind === b.kind && a.name === b.name && names.every((name) => a.facts[name] === b.facts[name]);
}
