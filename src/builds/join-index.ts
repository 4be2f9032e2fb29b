import type { EpochMs } from '../units.js';
import { type CommandKeys, type CommandMatch, compareCommand, instructionKeys } from './command.js';
import { parseInstruction, type RunText } from './command-text.js';
import { runTextOf } from './run-text.js';
import type { Build, Execution, Step } from './types.js';

/** A build's steps by what their commands may look like. What a step is called does not change, what is known of it does. */
export class BuildIndex {
  #build: Build;
  #isCurrent = false;
  readonly #steps = new Map<string, Step>();
  readonly #runs = new Map<string, RunText>();
  readonly #same = new Map<string, string[]>();
  readonly #similar = new Map<string, string[]>();
  /** Steps that no key finds. */
  readonly #pairwise: string[] = [];
  /** Steps whose flags may go further than their names tell. */
  readonly #flagged: string[] = [];

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
    this.#isCurrent = false;
  }

  step(digest: string): Step | undefined {
    this.#refresh();
    return this.#steps.get(digest);
  }

  /** What a RUN step's instruction says; undefined for other steps. */
  run(step: Step): RunText | undefined {
    const known = this.#runs.get(step.digest);
    if (known !== undefined) return known;
    const run = parseInstruction(step.instruction);
    if (run !== undefined) this.#runs.set(step.digest, run);
    return run;
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
  find(keys: CommandKeys, execution: Execution): Map<Step, CommandMatch> {
    this.#refresh();
    const { args, env } = execution;
    const found = new Map<string, CommandMatch>();
    for (const key of [...keys.same, ...keys.similar]) {
      for (const digest of this.#similar.get(key) ?? []) found.set(digest, 'similar');
    }
    for (const key of keys.similar)
      for (const digest of this.#same.get(key) ?? []) found.set(digest, 'similar');
    for (const key of keys.same) for (const digest of this.#same.get(key) ?? []) found.set(digest, 'same');
    for (const digest of this.#pairwise) {
      const match = compareCommand(this.#steps.get(digest)?.instruction ?? '', args, env);
      if (match !== undefined) found.set(digest, match);
    }
    for (const digest of this.#flagged) {
      if (found.get(digest) !== 'same' && this.#endsWith(keys, digest, execution)) found.set(digest, 'same');
    }
    return new Map([...found].map(([digest, match]) => [this.#steps.get(digest)!, match]));
  }

  /** Whether a step's name ends with the process's command, and all before that are flags for its very mounts. */
  #endsWith(keys: CommandKeys, digest: string, execution: Execution): boolean {
    const step = this.#steps.get(digest)!;
    const run = runTextOf(step.instruction, execution, keys.same);
    if (run === undefined || !keys.same.includes(`text:${run.text}`)) return false;
    this.#runs.set(digest, run);
    return true;
  }

  #refresh(): void {
    if (this.#isCurrent) return;
    this.#isCurrent = true;
    for (const step of this.#build.steps) {
      if (!this.#steps.has(step.digest)) this.#addKeys(step);
      this.#steps.set(step.digest, step);
    }
  }

  #addKeys({ digest, kind, instruction }: Step): void {
    if (kind !== 'run' && kind !== 'internal') return;
    const { same, similar, pairwise } = instructionKeys(instruction);
    if (pairwise) this.#pairwise.push(digest);
    if (/^(?:ONBUILD\s+)?RUN\s+--/.test(instruction)) this.#flagged.push(digest);
    for (const key of same) add(this.#same, key, digest);
    for (const key of similar) add(this.#similar, key, digest);
  }
}

function add(map: Map<string, string[]>, key: string, digest: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [digest]);
  else list.push(digest);
}
