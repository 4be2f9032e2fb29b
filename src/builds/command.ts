/**
 * command: is this process the one that this RUN instruction names? BuildKit shows a step by its Dockerfile text
 * with variables expanded, flags and here-document marks included; the executor gets the bare arguments. Both
 * sides are turned into keys, so that a whole build is searched by look-up.
 */
import { environment, expandVariables } from './command-expand.js';
import { parseInstruction, type RunText } from './command-text.js';

/** `same`: the text is equal. `similar`: equal but for quotes, blanks and escapes, or by its unexpanded text only. */
export type CommandMatch = 'same' | 'similar';

export interface CommandKeys {
  same: string[];
  similar: string[];
}

export interface InstructionKeys extends CommandKeys {
  /** A look-up is not enough, `compareCommand` is needed: the name was cut, or shows a secret variable as `****`. */
  pairwise: boolean;
}

/** Put before the arguments of a step that runs under emulation (executor of moby/buildkit). */
const EMULATOR = '/dev/.buildkit_qemu_emulator';
/** Where a here-document that begins with `#!` is mounted. */
const PIPES = '/dev/pipes/';
const MASK = '****';
/** What the fold of a build puts at the end of a name that it cut (limits.ts). */
const CUT = '…';
const SHORTEST_CUT = 2048;
const PROCESS_ONLY = /^(?:(?:HTTPS?|FTP|NO|ALL)_PROXY|SSH_AUTH_SOCK)$/i;

/** Keys of `Step.instruction`; empty for instructions that run no process. */
export function instructionKeys(instruction: string): InstructionKeys {
  const plain = [`argv:${instruction}`];
  const pairwise = isCut(instruction);
  const run = parseInstruction(instruction);
  if (run === undefined) return { same: plain, similar: [], pairwise };
  return {
    same: [...plain, ...runKeys(run)],
    similar: [looseKey(run.text)],
    pairwise: pairwise || run.secretNames.length > 0,
  };
}

function runKeys(run: RunText): string[] {
  const keys = [`text:${run.text}`];
  if (run.text.startsWith('[')) keys.push(listKey(run.text));
  if (run.hereDocument !== undefined) {
    const { name, summary } = run.hereDocument;
    keys.push(summary.startsWith('#!') ? `file:${name}` : `summary:${summary}`);
  }
  return keys;
}

/** Keys of a process: `args` and `env` (`NAME=value`) as its executor got them. */
export function executionKeys(
  args: readonly string[],
  env: readonly string[],
  secretNames: readonly string[] = [],
): CommandKeys {
  const words = args[0] === EMULATOR ? args.slice(1) : args;
  const command = words.at(-1);
  if (command === undefined) return { same: [], similar: [] };
  const same = new Set([`argv:${words.join(' ')}`]);
  const similar = new Set<string>();
  if (command.startsWith(PIPES)) same.add(`file:${command.slice(PIPES.length)}`);
  const line = firstLine(command);
  const list = JSON.stringify(words);
  const summary = summaryOf(command);
  for (const variables of environments(env, secretNames)) {
    same.add(listKey(expandVariables(list, variables)?.text ?? list));
    if (words.length < 2) continue;
    const expanded = expandVariables(line, variables);
    same.add(`text:${expanded?.text ?? line}`);
    if (expanded?.newer) same.add(`text:${line}`);
    same.add(`summary:${expandVariables(summary, variables)?.text ?? summary}`);
    similar.add(looseKey(expanded?.text ?? line));
  }
  if (words.length > 1) similar.add(`text:${line}`).add(looseKey(line));
  return { same: [...same], similar: [...similar].filter((key) => !same.has(key)) };
}

/** Compares one pair; a build's join looks the keys up instead. Undefined when it is another command. */
export function compareCommand(
  instruction: string,
  args: readonly string[],
  env: readonly string[],
): CommandMatch | undefined {
  const named = instructionKeys(instruction);
  const process = executionKeys(args, env, parseInstruction(instruction)?.secretNames);
  if (named.same.some((key) => process.same.includes(key))) return 'same';
  if (isCut(instruction)) {
    const heads = named.same.filter((key) => key.endsWith(CUT)).map((key) => key.slice(0, -CUT.length));
    return heads.some((head) => process.same.some((key) => key.startsWith(head))) ? 'same' : undefined;
  }
  const all = [...named.same, ...named.similar];
  return all.some((key) => process.similar.includes(key)) ? 'similar' : undefined;
}

/** True for variables in a step's process that its name is not expanded with: they are no part of its definition. */
export function isProcessOnly(name: string): boolean {
  return PROCESS_ONLY.test(name);
}

function isCut(instruction: string): boolean {
  return instruction.length > SHORTEST_CUT && instruction.endsWith(CUT);
}

/** What a name may have been expanded with: all, or only what the Dockerfile itself can have set. */
function environments(env: readonly string[], secretNames: readonly string[]): Map<string, string>[] {
  const all = environment(env);
  for (const name of secretNames) all.set(name, MASK);
  const declared = new Map([...all].filter(([name]) => !isProcessOnly(name)));
  return declared.size === all.size ? [all] : [all, declared];
}

/** The line of a here-document's command; what follows it is the document. */
function firstLine(command: string): string {
  const end = command.indexOf('\n');
  return (end < 0 ? command : command.slice(0, end)).trim();
}

/** How BuildKit abbreviates a here-document in a name. */
function summaryOf(document: string): string {
  const lines = document.trim().replaceAll('\r\n', '\n').split('\n');
  return lines.length > 1 ? `${lines[0]}...` : (lines[0] ?? '');
}

/** `["a", "b"]` however it was spaced and escaped. */
function listKey(list: string): string {
  return `list:${list.replace(/[\s"[\],\\]/g, '')}`;
}

function looseKey(text: string): string {
  return `loose:${text.replace(/[\s"'`\\]/g, '')}`;
}
