import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { readFiles } from '../read-files.js';
import { importFile } from '../records/import-file.js';
import { importText } from '../records/import-text.js';

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
  async run(context) {
    const { io, options } = context;
    const send = options.dryRun
      ? undefined
      : (part: Parameters<typeof ask<'import'>>[1]) => ask('import', part, io, options);
    return readFiles(
      context,
      (file) => importFile(file, { signal: io.signal, now: io.now(), format: options.format, send }),
      (document) => importText(document, io.stdout.columns),
    );
  },
};
