import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CounterSet } from './counter-set.js';
import { type Generation, openGeneration } from './generation.js';
import { parseGenerationName, removeGenerationDirectory } from './generation-name.js';
import type { BpfMap } from './kernel/bpf-map.js';
import type { FlowCounter } from './layout.js';
import { LAYOUT } from './layout.js';

/** What an earlier generation had counted when this one took over. */
export interface InheritedCounters {
  /** The epoch under which the positions of these counters were stored. */
  epoch: string;
  /** Final values: nothing counts there any more. */
  counters: readonly FlowCounter[];
}

/** The generations found in a pin directory. */
export interface FoundGenerations {
  complete: Generation[];
  /** Directories of a layout that this version cannot read: a later version's. They are left alone. */
  unreadable: string[];
}

/** Opens all generations, and removes what is left of those that never counted or were half removed. */
export function findGenerations(pinDir: string): FoundGenerations {
  const found: FoundGenerations = { complete: [], unreadable: [] };
  for (const entry of readdirSync(pinDir, { withFileTypes: true })) {
    const name = entry.isDirectory() ? parseGenerationName(entry.name) : undefined;
    if (name === undefined) continue;
    if (name.layout !== LAYOUT) {
      found.unreadable.push(join(pinDir, entry.name));
      continue;
    }
    const generation = openGeneration(pinDir, entry.name);
    if (generation === undefined) removeGenerationDirectory(join(pinDir, entry.name));
    else found.complete.push(generation);
  }
  return found;
}

/**
 * The counters of the generations that were replaced. They stay pinned until the consumer has stored what
 * they say: a crash before that finds them again.
 */
export class Inheritance {
  readonly counters: readonly InheritedCounters[];
  readonly #generations: Generation[];

  private constructor(generations: Generation[], counters: InheritedCounters[]) {
    this.#generations = generations;
    this.counters = counters;
  }

  /** @param epochOf the name under which a generation's epoch is known outside */
  static read(generations: Generation[], epochOf: (generation: Generation) => string): Inheritance {
    const counters = generations.map((generation): InheritedCounters => {
      const set = new CounterSet(generation.maps);
      return { epoch: epochOf(generation), counters: [...set.read(0)] };
    });
    return new Inheritance(generations, counters);
  }

  /** Maps in which the earlier generations noted the names of cgroups. */
  get names(): BpfMap[] {
    return this.#generations.map((generation) => generation.maps.names);
  }

  /** Removes the earlier generations for good. */
  release(): void {
    for (const generation of this.#generations) generation.unpin();
    this.close();
  }

  close(): void {
    for (const generation of this.#generations.splice(0)) generation.close();
  }
}
