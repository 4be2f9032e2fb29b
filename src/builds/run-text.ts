/**
 * What a RUN step's name says, read with the process that ran it: where a variable's value, or an escape in the
 * Dockerfile, brought blanks into a flag, the name alone does not tell where the flags end.
 */
import { executionKeys } from './command.js';
import { parseInstruction, type RunText } from './command-text.js';
import { hasMountsOf } from './join-mounts.js';
import type { Execution } from './types.js';

const TEXT = 'text:';

/** @param keys of the execution, as far as they are known already */
export function runTextOf(
  instruction: string,
  execution: Execution | undefined,
  keys?: readonly string[],
): RunText | undefined {
  const run = parseInstruction(instruction);
  if (run === undefined || execution === undefined || run.flags.length === 0) return run;
  const texts = textsOf(keys ?? executionKeys(execution.args, execution.env, run.secretNames).same);
  if (texts.includes(run.text)) return run;
  for (const text of texts) {
    const whole = endingWith(run, instruction, text);
    if (whole !== undefined && hasMountsOf(whole, execution)) return whole;
  }
  return run;
}

function textsOf(keys: readonly string[]): string[] {
  return keys.filter((key) => key.startsWith(TEXT)).map((key) => key.slice(TEXT.length));
}

/** All before the command are flags then. */
function endingWith(run: RunText, instruction: string, text: string): RunText | undefined {
  const line = instruction.trimEnd();
  if (text === '' || !run.text.endsWith(text) || !line.endsWith(` ${text}`)) return undefined;
  const flags = line
    .slice(line.indexOf('--'), -text.length)
    .trim()
    .split(/\s+(?=--[a-z]+=)/)
    .map((flag) => flag.slice('--'.length).replace(/["']/g, ''));
  return { ...run, text, flags };
}
