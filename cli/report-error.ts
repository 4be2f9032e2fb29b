import { exitCodeOf, NetmeterError } from '../src/errors.js';
import { SCHEMA } from '../src/protocol/documents.js';
import { escapeText } from '../src/text/escape.js';
import type { Io } from './io.js';

/** Writes an error the way the command line does: for people on stderr, with --json as a document on stdout. */
export function reportError(error: unknown, json: boolean, io: Io): number {
  const known = error instanceof NetmeterError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const code = known?.code ?? 'internal';
  const hint = known?.hint ?? null;
  if (json) {
    io.stdout.write(`${JSON.stringify({ schema: SCHEMA, error: { code, message, hint } })}\n`);
  }
  io.stderr.write(`netmeter: ${escapeText(message)} (${code})\n`);
  if (hint !== null) io.stderr.write(`${hint.split('\n').map(escapeText).join('\n')}\n`);
  if (known === undefined && error instanceof Error && io.env.NETMETER_DEBUG) {
    io.stderr.write(`${error.stack}\n`);
  }
  return exitCodeOf(error);
}
