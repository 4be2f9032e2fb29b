import { SCHEMA } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { placesOf } from '../ask.js';
import type { Command } from '../command.js';
import { stopDaemon } from '../launch/stop-daemon.js';

export const stop: Command = {
  name: 'stop',
  summary: 'stop the daemon and detach it from the kernel',
  async run({ io, options }) {
    const outcome = await stopDaemon(placesOf(io, options));
    const clean = outcome.problems.length === 0 && outcome.leftBehind.length === 0;
    if (options.json) {
      io.stdout.write(`${JSON.stringify({ schema: SCHEMA, stopped: true, ...outcome })}\n`);
      return clean ? 0 : 1;
    }
    io.stdout.write(`netmeter (pid ${outcome.pid}) is stopped.\n`);
    for (const { part, message } of outcome.problems) {
      io.stderr.write(`netmeter: ${part} did not stop as it should: ${escapeText(message)}\n`);
    }
    for (const path of outcome.leftBehind) io.stderr.write(`netmeter: left behind: ${path}\n`);
    return clean ? 0 : 1;
  },
};
