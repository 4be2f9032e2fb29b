import { createHash } from 'node:crypto';
import type { CaptureDocument } from '../../src/capture/document.js';
import { exitCodeOf } from '../../src/errors.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import type { ImportAnswer } from '../../src/records/import.js';
import { escapeText } from '../../src/text/escape.js';
import { ask } from '../ask.js';
import { analyseFile } from '../capture/analyse-file.js';
import { captureText } from '../capture/capture-text.js';
import { importCapture } from '../capture/import-capture.js';
import type { Command } from '../command.js';
import { reportError } from '../report-error.js';

interface PcapOptions {
  import?: boolean;
}

/** `imported` is null unless it was asked for. */
type PcapFile = CaptureDocument & { imported: ImportAnswer | null };

export const pcap: Command<PcapOptions> = {
  name: 'pcap',
  summary: 'what packet captures say: hosts, names, conversations',
  description:
    'Reads packet captures (pcap and pcapng, also gzip-compressed) and prints hosts, names and conversations. ' +
    'Bytes are frame lengths on the wire, by the outermost IP header.',
  operands: [
    ['<file...>', 'captures; - is standard input, such as a live one: tcpdump -w - | netmeter pcap -'],
  ],
  options: [
    {
      flags: '--import',
      description: "store the hosts' names, and say which builds of that time talked to these hosts",
    },
  ],
  async run({ io, args, options }) {
    const files: PcapFile[] = [];
    const failures: unknown[] = [];
    for (const file of args) {
      if (io.signal.aborted && files.length + failures.length > 0) break;
      try {
        const hash = createHash('sha256');
        const onBytes = (bytes: Uint8Array) => hash.update(bytes);
        const document = await analyseFile(file, { signal: io.signal, ...(options.import && { onBytes }) });
        const imported = options.import
          ? await importCapture(document, hash.digest('hex'), (part) => ask('import', part, io, options))
          : null;
        files.push({ ...document, imported });
        if (options.json) continue;
        io.stdout.write(`${files.length > 1 ? '\n' : ''}${captureText(document, io.stdout.columns)}`);
        if (imported !== null) io.stdout.write(`\n${importedText(imported)}`);
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

function importedText({ known, seenBuilds }: ImportAnswer): string {
  const lines = [known ? 'The same capture was imported before: it counts once.' : 'Imported.'];
  for (const { ref, name, addresses } of seenBuilds) {
    lines.push(`Build ${escapeText(name)} (${ref}) ran then and talked to ${addresses.join(', ')}.`);
  }
  if (seenBuilds.length === 0) lines.push('No build that netmeter knows talked to these hosts at that time.');
  return `${lines.join('\n')}\n`;
}
