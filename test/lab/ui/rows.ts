/** The live view in a terminal, and its rows of a build's steps. */
import * as assert from 'uvu/assert';
import type { StepDocument } from '../../../src/protocol/documents.js';
import { formatBytes, sumOf } from '../../../src/text/figures.js';
import type { Netmeter } from '../harness/index.js';
import type { TmuxTerminal } from './terminal.js';

/** Waits until each step of a build that is over has its row, and holds its bytes against the step's own. @returns the text */
export async function showsSteps(terminal: TmuxTerminal, all: readonly StepDocument[]): Promise<string> {
  const steps = all.filter(isRow);
  const shown = await terminal.shows(
    (text) => text.includes('▾') && steps.every((step) => rowOf(text, step) !== undefined),
  );
  for (const step of steps) {
    const bytes = sumOf(step.wan);
    const expected = bytes === 0 ? ' - ' : ` ${formatBytes(bytes)} `;
    assert.ok(rowOf(shown, step)?.includes(expected), `${step.name}: ${expected} in\n${shown}`);
  }
  return shown;
}

/** Runs `netmeter top`, then a shell, to see what it leaves behind: its exit code is in the prompt. */
export function shellWith(netmeter: Netmeter): string {
  const { command, args, env } = netmeter.commandLine(['top']);
  const variables = Object.entries(env).map(([key, value]) => `${key}='${value}'`);
  const top = [command, ...args].join(' ');
  return `LC_ALL=C.UTF-8 ${variables.join(' ')} sh -c '${top}; PS1="left $?> " exec sh'`;
}

/** Steps that have a row: BuildKit's own are shown when they moved something. */
function isRow(step: StepDocument): boolean {
  return step.kind !== 'internal' || sumOf(step.wan) !== 0;
}

function rowOf(text: string, { name }: StepDocument): string | undefined {
  const start = name.slice(0, 18);
  return text.split('\n').find((line) => line.includes(start));
}
