/** Variables of a stage while its instructions are gone through: ENV wins over ARG, as in BuildKit. */
import { environment, expandVariables } from '../builds/command-expand.js';
import type { Instruction } from './types.js';
import { splitWords, unquote } from './words.js';

export interface Scope {
  /** By ARG, in this stage only. */
  readonly args: ReadonlyMap<string, string>;
  /** By ENV, handed on to stages that build on this one. */
  readonly env: ReadonlyMap<string, string>;
}

/** Values that come from outside of the stage. */
export interface Given {
  /** `--build-arg`, and what the platform sets. */
  buildArgs: ReadonlyMap<string, string>;
  /** Of the ARG instructions before the first FROM. */
  globals: ReadonlyMap<string, string>;
}

export function variablesOf({ args, env }: Scope): Map<string, string> {
  return new Map([...args, ...env]);
}

/** The scope after an ARG or ENV instruction; the same one after all others. */
export function after(instruction: Instruction, scope: Scope, given: Given): Scope {
  if (instruction.keyword === 'ARG') return { ...scope, args: declared(instruction, scope, given) };
  if (instruction.keyword === 'ENV') return { ...scope, env: assigned(instruction, scope) };
  return scope;
}

/** The values of ARG instructions before the first FROM. */
export function globalScope(
  instructions: readonly Instruction[],
  buildArgs: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  let scope: Scope = { args: new Map(), env: new Map() };
  for (const instruction of instructions) {
    scope = after(instruction, scope, { buildArgs, globals: new Map() });
  }
  return scope.args;
}

/** `text` with variables expanded and quotes removed; a variable without a value stays as it is written. */
export function expandWord(text: string, variables: ReadonlyMap<string, string>): string {
  return unquote(expandVariables(text, variables)?.text ?? text);
}

/** As BuildKit names a step: quotes stay. */
export function expandText(text: string, variables: ReadonlyMap<string, string>): string {
  return expandVariables(text, variables)?.text ?? text;
}

function declared(instruction: Instruction, scope: Scope, given: Given): Map<string, string> {
  const args = new Map(scope.args);
  for (const word of splitWords(instruction.rest)) {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const written =
      equals < 0 ? undefined : expandWord(word.slice(equals + 1), variablesOf({ ...scope, args }));
    const value = given.buildArgs.get(name) ?? written ?? given.globals.get(name);
    if (value !== undefined) args.set(name, value);
  }
  return args;
}

function assigned(instruction: Instruction, scope: Scope): Map<string, string> {
  const variables = variablesOf(scope);
  const words = splitWords(instruction.rest);
  const entries = words[0]?.includes('=') ? words : [instruction.rest.replace(/\s+/, '=')];
  return new Map([...scope.env, ...environment(entries.map((word) => expandWord(word, variables)))]);
}
