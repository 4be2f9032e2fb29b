import { DockerfileParser } from 'dockerfile-ast';
import { NetmeterError } from '../errors.js';
import { readInstruction } from './instruction.js';
import { invalid } from './invalid.js';
import type { Dockerfile, Instruction, Stage } from './types.js';
import { splitWords, unquote } from './words.js';

/** Real ones have some kilobytes. */
export const MOST_BYTES = 512 * 1024;
const MOST_INSTRUCTIONS = 5000;
const STAGE_NAME = /^[a-z][a-z0-9\-_.]*$/;

/**
 * Reads a Dockerfile.
 * @param name as messages are to call it
 * @throws NetmeterError `unreadable-input`, with name and line
 */
export function readDockerfile(text: string, name: string): Dockerfile {
  if (text.length > MOST_BYTES) throw tooLarge(name, `more than ${MOST_BYTES} characters`);
  const clean = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const parsed = DockerfileParser.parse(clean);
  const source = { file: name, lines: clean.split('\n'), escape: parsed.getEscapeCharacter() };
  const found = parsed.getInstructions();
  if (found.length > MOST_INSTRUCTIONS) throw tooLarge(name, `more than ${MOST_INSTRUCTIONS} instructions`);
  const file: Dockerfile = {
    name,
    syntax: parsed
      .getDirectives()
      .find((each) => each.getName().toLowerCase() === 'syntax')
      ?.getValue(),
    globalArgs: [],
    stages: [],
  };
  const instructions = found
    .map((each) => readInstruction(each, source))
    .toSorted((one, other) => one.line - other.line);
  for (const instruction of instructions) place(instruction, file);
  if (file.stages.length === 0) throw invalid(name, 1, 'there is no FROM in it');
  return file;
}

function place(instruction: Instruction, file: Dockerfile): void {
  const { keyword, line } = instruction;
  const stage = file.stages.at(-1);
  if (keyword === 'FROM') file.stages.push(stageOf(instruction, file));
  else if (stage !== undefined) stage.instructions.push(instruction);
  else if (keyword === 'ARG') file.globalArgs.push(instruction);
  else throw invalid(file.name, line, `${keyword} comes before the first FROM`);
}

function stageOf(from: Instruction, file: Dockerfile): Stage {
  const [base = '', as, name, ...more] = splitWords(from.rest);
  const isNamed = as?.toUpperCase() === 'AS' && name !== undefined;
  if (base === '' || more.length > 0 || (as !== undefined && !isNamed)) {
    throw invalid(file.name, from.line, 'FROM takes an image, and AS with a name for the stage');
  }
  const stageName = name?.toLowerCase();
  if (stageName !== undefined && !STAGE_NAME.test(stageName)) {
    throw invalid(file.name, from.line, `${JSON.stringify(name)} is no name for a stage`);
  }
  return {
    index: file.stages.length,
    name: stageName,
    from,
    base: unquote(base),
    platform: from.flags.find((flag) => flag.name === 'platform')?.value,
    instructions: [],
  };
}

function tooLarge(name: string, why: string): NetmeterError {
  return new NetmeterError('unreadable-input', `${name} is too large to be a Dockerfile: ${why}`);
}
