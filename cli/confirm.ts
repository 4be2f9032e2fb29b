import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { Io } from './io.js';

/** Undefined when nobody can be asked. */
export async function confirm(question: string, { terminal, signal }: Io): Promise<boolean | undefined> {
  if (terminal === undefined) return undefined;
  const prompt = createInterface({ input: terminal.input, output: terminal.output });
  // Control-D closes it, and the question stays without an answer.
  const closed = once(prompt, 'close').then(() => '');
  try {
    const answer = await Promise.race([prompt.question(`${question} [y/N] `, { signal }), closed]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
