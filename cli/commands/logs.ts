import { SCHEMA } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { placesOf } from '../ask.js';
import { logLines } from '../client/read-log.js';
import type { Command } from '../command.js';
import { parseCount } from '../parse.js';

interface LogsOptions {
  follow?: boolean;
  lines: number;
}

export const logs: Command<LogsOptions> = {
  name: 'logs',
  summary: "the daemon's log",
  options: [
    { flags: '-f, --follow', description: 'go on with what is written' },
    { flags: '-n, --lines <n>', description: 'how many of the last lines', parse: parseCount, default: 100 },
  ],
  async run({ io, options }) {
    const query = { lines: options.lines, follow: options.follow ?? false, signal: io.signal };
    const lines: string[] = [];
    for await (const line of logLines(placesOf(io, options), query)) {
      if (!options.json) io.stdout.write(`${escapeText(line)}\n`);
      else if (options.follow) io.stdout.write(`${JSON.stringify({ schema: SCHEMA, line })}\n`);
      else lines.push(line);
    }
    if (options.json && !options.follow) io.stdout.write(`${JSON.stringify({ schema: SCHEMA, lines })}\n`);
    return 0;
  },
};
