import { exitCodeOf } from '../src/errors.js';
import { SCHEMA } from '../src/protocol/documents.js';
import type { CommandContext } from './command.js';
import { reportError } from './report-error.js';

/**
 * Reads files one after the other and tells of each: people as it comes, scripts in one document. One that cannot be
 * read does not take the others' results away.
 *
 * @returns the exit code
 * @throws the first failure when none could be read
 */
export async function readFiles<Result>(
  { io, args, options }: CommandContext<object>,
  read: (file: string) => Promise<Result>,
  asText: (result: Result) => string,
): Promise<number> {
  const files: Result[] = [];
  const failures: unknown[] = [];
  for (const file of args) {
    if (io.signal.aborted && files.length + failures.length > 0) break;
    try {
      const result = await read(file);
      files.push(result);
      if (!options.json) io.stdout.write(`${files.length > 1 ? '\n' : ''}${asText(result)}`);
    } catch (error) {
      failures.push(error);
    }
  }
  if (files.length === 0) throw failures[0];
  if (options.json) io.stdout.write(`${JSON.stringify({ schema: SCHEMA, files })}\n`);
  for (const failure of failures) reportError(failure, false, io);
  return failures.length === 0 ? 0 : exitCodeOf(failures[0]);
}
