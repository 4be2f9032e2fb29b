import { exitCodeOf } from '../../src/errors.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import type { ImportFileDocument } from '../../src/records/document.js';
import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { importFile } from '../records/import-file.js';
import { importText } from '../records/import-text.js';
import { reportError } from '../report-error.js';

interface ImportCommandOptions {
  format?: string;
  dryRun?: boolean;
}

export const importRecords: Command<ImportCommandOptions> = {
  name: 'import',
  summary: 'reads builds and proxy logs that were recorded elsewhere',
  description:
    'Reads what was recorded elsewhere: BuildKit progress (rawjson and plain), .dockerbuild archives, and logs of ' +
    'squid, apt-cacher-ng, verdaccio and nginx, also compressed. What they say is marked as reported and never ' +
    'added to what was counted. The same file counts once.',
  operands: [['<file...>', 'records; - is standard input']],
  options: [
    {
      flags: '--format <format>',
      description: "nginx's log_format, as in its configuration, or the word combined",
    },
    { flags: '--dry-run', description: 'say what is in the files and store nothing' },
  ],
  async run({ io, args, options }) {
    const files: ImportFileDocument[] = [];
    const failures: unknown[] = [];
    const send = options.dryRun
      ? undefined
      : (part: Parameters<typeof ask<'import'>>[1]) => ask('import', part, io, options);
    for (const file of args) {
      if (io.signal.aborted) break;
      try {
        const document = await importFile(file, {
          signal: io.signal,
          now: io.now(),
          format: options.format,
          send,
        });
        files.push(document);
        if (!options.json) {
          io.stdout.write(`${files.length > 1 ? '\n' : ''}${importText(document, io.stdout.columns)}`);
        }
      } catch (error) {
        failures.push(error);
      }
    }
    // One that cannot be read does not take the others' results away.
    if (files.length === 0) throw failures[0];
    if (options.json) io.stdout.write(`${JSON.stringify({ schema: SCHEMA, files })}\n`);
    for (const failure of failures) reportError(failure, false, io);
    return failures.length === 0 ? 0 : exitCodeOf(failures[0]);
  },
};
