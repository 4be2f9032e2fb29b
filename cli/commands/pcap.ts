import type { CaptureDocument } from '../../src/capture/document.js';
import { exitCodeOf } from '../../src/errors.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import { analyseFile } from '../capture/analyse-file.js';
import { captureText } from '../capture/capture-text.js';
import type { Command } from '../command.js';
import { reportError } from '../program.js';

export const pcap: Command = {
  name: 'pcap',
  summary: 'what packet captures say: hosts, names, conversations',
  description:
    'Reads packet captures (pcap and pcapng, also gzip-compressed) and prints hosts, names and conversations. ' +
    'Bytes are frame lengths on the wire, by the outermost IP header.',
  operands: [
    ['<file...>', 'captures; - is standard input, such as a live one: tcpdump -w - | netmeter pcap -'],
  ],
  async run({ io, args, options }) {
    const files: CaptureDocument[] = [];
    const failures: unknown[] = [];
    for (const file of args) {
      if (io.signal.aborted && files.length + failures.length > 0) break;
      try {
        const document = await analyseFile(file, io.signal);
        files.push(document);
        if (!options.json)
          io.stdout.write(`${files.length > 1 ? '\n' : ''}${captureText(document, io.stdout.columns)}`);
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
