import type { EpochMs } from '../units.js';
import { type CommandKeys, type CommandMatch, compareCommand, instructionKeys } from './command.js';
import type { Build, Step } from './types.js';

/** A build's steps by what their commands may look like. Steps are only ever added to a build, so it grows along. */
export class BuildIndex {
  #build: Build;
  #indexed = 0;
  readonly #byDigest = new Map<string, number>();
  readonly #same = new Map<string, number[]>();
  readonly #similar = new Map<string, number[]>();
  /** Steps that no key finds. */
  readonly #pairwise: number[] = [];

  constructor(build: Build) {
    this.#build = build;
  }

  get build(): Build {
    return this.#build;
  }

  get startedAt(): EpochMs {
    return this.#build.startedAt;
  }

  /** The same build with newer facts. */
  replace(build: Build): void {
    this.#build = build;
  }

  step(digest: string): Step | undefined {
    this.#grow();
    const at = this.#byDigest.get(digest);
    return at === undefined ? undefined : this.#build.steps[at];
  }

  /** The vertex whose result is a step's root file system: of a vertex's inputs, that is the first (client/llb/exec.go). */
  rootParent(step: Step): Step | undefined {
    const [first] = step.inputs;
    return first === undefined ? undefined : this.step(first);
  }

  /** Whether `digest` is among the vertices that the step depends on. */
  dependsOn(step: Step, digest: string): boolean {
    const visited = new Set<string>();
    const queue = [...step.inputs];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (next === digest) return true;
      if (visited.has(next)) continue;
      visited.add(next);
      queue.push(...(this.step(next)?.inputs ?? []));
    }
    return false;
  }

  /** Steps that this process may be the command of. */
  find(keys: CommandKeys, args: readonly string[], env: readonly string[]): Map<Step, CommandMatch> {
    this.#grow();
    const found = new Map<number, CommandMatch>();
    for (const key of [...keys.same, ...keys.similar]) {
      for (const at of this.#similar.get(key) ?? []) found.set(at, 'similar');
    }
    for (const key of keys.similar) for (const at of this.#same.get(key) ?? []) found.set(at, 'similar');
    for (const key of keys.same) for (const at of this.#same.get(key) ?? []) found.set(at, 'same');
    for (const at of this.#pairwise) {
      const match = compareCommand(this.#build.steps[at]?.instruction ?? '', args, env);
      if (match !== undefined) found.set(at, match);
    }
    return new Map([...found].map(([at, match]) => [this.#build.steps[at]!, match]));
  }

  #grow(): void {
    const { steps } = this.#build;
    for (; this.#indexed < steps.length; this.#indexed++) {
      const step = steps[this.#indexed]!;
      this.#byDigest.set(step.digest, this.#indexed);
      if (step.kind !== 'run' && step.kind !== 'internal') continue;
      const { same, similar, pairwise } = instructionKeys(step.instruction);
      if (pairwise) this.#pairwise.push(this.#indexed);
      for (const key of same) add(this.#same, key, this.#indexed);
      for (const key of similar) add(this.#similar, key, this.#indexed);
    }
  }
}

function add(map: Map<string, number[]>, key: string, at: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [at]);
  else list.push(at);
}
