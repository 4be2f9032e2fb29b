/** What steps take from the build context, now and in builds that were. */
import { collapse } from '../dockerfile/match.js';
import type { ResolvedStep } from '../dockerfile/resolve.js';
import type { KnownBuild, StepInput, StepInputs } from './types.js';

export type InputVerdict =
  /** By content. */
  | { kind: 'same' }
  /** Nothing of it is newer than the build. */
  | { kind: 'inferred' }
  /** `isCertain`: by content, not by a time alone. */
  | { kind: 'changed'; because: string; isCertain: boolean };

/** By which an instruction's input is found again in another version of the file. */
export function inputKey(step: ResolvedStep): string {
  return collapse(step.instruction.text);
}

/** Where in the context a step's files come from; empty for steps that take none. */
export function contextSources(step: ResolvedStep): string[] {
  const { keyword } = step.instruction;
  if (keyword === 'COPY' || keyword === 'ADD') {
    return step.from === undefined ? step.sources.filter((source) => !isRemote(source)) : [];
  }
  return step.mounts
    .filter((mount) => mount.type === 'bind' && mount.from === undefined)
    .map((mount) => mount.source ?? '.');
}

export function isRemote(source: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^git@/.test(source);
}

/** Whether a step had the same files in a build as it has now. */
export function compareInput(step: ResolvedStep, now: StepInputs, known: KnownBuild): InputVerdict {
  const input = now.get(String(step.instruction.line));
  if (input === undefined) return { kind: contextSources(step).length === 0 ? 'same' : 'inferred' };
  const then = known.inputs?.get(inputKey(step));
  const ref = known.build.ref.slice(0, 12);
  if (then !== undefined) {
    if (then.digest === input.digest) return { kind: 'same' };
    return { kind: 'changed', because: `${differenceOf(then, input)} since build ${ref}`, isCertain: true };
  }
  if (input.newestAt === undefined || input.newestAt <= known.build.startedAt) return { kind: 'inferred' };
  return {
    kind: 'changed',
    because: `${input.newest ?? 'a file'}, which it takes, is newer than build ${ref}; whether its content changed is not known`,
    isCertain: false,
  };
}

function differenceOf(then: StepInput, now: StepInput): string {
  if (then.files === undefined || now.files === undefined) return 'files that it takes changed';
  const before = then.files;
  const after = now.files;
  const changed = Object.keys(after).filter(
    (path) => before[path] !== undefined && before[path] !== after[path],
  );
  const added = Object.keys(after).filter((path) => before[path] === undefined);
  const removed = Object.keys(before).filter((path) => after[path] === undefined);
  const [first, what] = changed[0]
    ? [changed[0], 'changed']
    : added[0]
      ? [added[0], 'came']
      : [removed[0] ?? 'a file', 'went'];
  const more = changed.length + added.length + removed.length - 1;
  return `${first}${more > 0 ? ` and ${more} more of the files` : ''} that it takes ${what}`;
}

/** The inputs as they are kept for the build that follows, by instruction. */
export function keptInputs(steps: readonly ResolvedStep[], now: StepInputs): Record<string, StepInput> {
  const inputs: Record<string, StepInput> = {};
  for (const step of steps) {
    const input = now.get(String(step.instruction.line));
    if (input !== undefined) inputs[inputKey(step)] = input;
  }
  return inputs;
}
