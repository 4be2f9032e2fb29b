import { createInterface } from 'node:readline/promises';
import type { Io } from '../io.js';

/** Undefined when nobody can be asked. */
export async function confirm(question: string, { terminal, signal }: Io): Promise<boolean | undefined> {
  if (terminal === undefined) return undefined;
  const prompt = createInterface({ input: terminal.input, output: terminal.output });
  try {
    const answer = await prompt.question(`${question} [y/N] `, { signal });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
