import { createHash } from 'node:crypto';
import type { CaptureDocument } from '../../src/capture/document.js';
import type { ImportAnswer } from '../../src/records/import.js';
import { escapeText } from '../../src/text/escape.js';
import { ask } from '../ask.js';
import { analyseFile } from '../capture/analyse-file.js';
import { captureText } from '../capture/capture-text.js';
import { importCapture } from '../capture/import-capture.js';
import type { Command } from '../command.js';
import { readFiles } from '../read-files.js';

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
  async run(context) {
    const { io, options } = context;
    const read = async (file: string): Promise<PcapFile> => {
      const hash = createHash('sha256');
      const onBytes = (bytes: Uint8Array) => hash.update(bytes);
      const document = await analyseFile(file, { signal: io.signal, ...(options.import && { onBytes }) });
      const imported = options.import
        ? await importCapture(document, hash.digest('hex'), (part) => ask('import', part, io, options))
        : null;
      return { ...document, imported };
    };
    return readFiles(context, read, (file) => {
      const text = captureText(file, io.stdout.columns);
      return file.imported === null ? text : `${text}\n${importedText(file.imported)}`;
    });
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
