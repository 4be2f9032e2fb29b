import type { DoctorDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { placesOf } from '../ask.js';
import { askDoctor } from '../client/ask-doctor.js';
import type { Command } from '../command.js';

export const doctor: Command = {
  name: 'doctor',
  summary: 'what works here, what does not, why, and what fixes it',
  async run({ io, options }) {
    const document = await askDoctor(placesOf(io, options), io.daemonProgram, options.dockerHost);
    io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : doctorText(document));
    return document.ok ? 0 : 1;
  },
};

export function doctorText(document: DoctorDocument): string {
  const lines: string[] = [];
  for (const check of document.checks) {
    lines.push(`${check.ok ? 'ok' : '--'}  ${check.name}: ${escapeText(check.found)}`);
    if (check.ok) continue;
    lines.push(`      needed: ${escapeText(check.needed)}`);
    if (check.fix !== null) lines.push(`      fix:    ${escapeText(check.fix)}`);
  }
  lines.push(
    '',
    document.ok ? 'netmeter can count exactly here.' : 'netmeter works with less than it could have.',
  );
  return `${lines.join('\n')}\n`;
}
