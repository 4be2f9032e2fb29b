import { resolve } from 'node:path';
import { adviseOn } from '../../src/advice/advise.js';
import { applyAdvice } from '../../src/advice/apply.js';
import { adviseDocument } from '../../src/advice/document.js';
import { readDockerfile } from '../../src/dockerfile/read.js';
import { NetmeterError } from '../../src/errors.js';
import type { AdviseDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { ask } from '../ask.js';
import type { Command, GlobalOptions } from '../command.js';
import { readDockerfileText } from '../dockerfile/read-text.js';
import type { Io } from '../io.js';
import { parseSince } from '../parse.js';

interface AdviseOptions {
  since?: number;
  fixed?: boolean;
}

const PERIOD_MS = 30 * 86_400_000;

export const advise: Command<AdviseOptions> = {
  name: 'advise',
  summary: 'what to change in a Dockerfile so that its builds download less',
  description:
    'What to change in a Dockerfile so that its builds download less: from its text, and from what its steps ' +
    'downloaded in builds that netmeter has seen. Savings are those of the period, at most where they are estimated.',
  operands: [['[dockerfile]', 'the file, or - for standard input (default ./Dockerfile)']],
  options: [
    { flags: '--since <time>', description: 'an ISO 8601 time or an age (default 30d)', parse: parseSince },
    { flags: '--fixed', description: 'print the Dockerfile with the cache mounts and settings put in' },
  ],
  async run({ io, args, options }) {
    const file = args[0] ?? 'Dockerfile';
    const path = file === '-' ? undefined : resolve(io.cwd, file);
    const text = await readDockerfileText(path ?? '-');
    const local = adviseOn(readDockerfile(text, file));
    if (options.fixed) {
      io.stdout.write(applyAdvice(text, local));
      return 0;
    }
    const since = options.since ?? io.now() - PERIOD_MS;
    const params = { text, file, since, ...(path === undefined ? {} : { path }) };
    const document = await ask('advise', params, io, options).catch((error: unknown) =>
      unmeasured(error, adviseDocument(file, local), io, options),
    );
    io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : adviceText(document));
    return 0;
  },
};

export function adviceText(document: AdviseDocument): string {
  const { file, advice } = document;
  if (advice.length === 0) return `${escapeText(file)}: nothing to change.\n`;
  const paragraphs = advice.map(({ where, code, savesBytes, basis, message }) => {
    const saves = !savesBytes ? '' : `: would have saved ${saved(savesBytes, basis)}`;
    return `${escapeText(where ?? file)}  ${code}${saves}\n  ${escapeText(message)}`;
  });
  return `${paragraphs.join('\n\n')}\n`;
}

function saved(bytes: number, basis: string): string {
  return basis === 'estimated'
    ? `up to ${formatBytes(bytes)} (estimated)`
    : `${formatBytes(bytes)} (${basis})`;
}

/** Without a daemon and its data there are reasons, and no numbers. */
function unmeasured(
  error: unknown,
  document: AdviseDocument,
  io: Io,
  { json }: GlobalOptions,
): AdviseDocument {
  const isAbsent = error instanceof NetmeterError && error.code === 'daemon-not-running';
  if (!isAbsent) throw error;
  if (!json) io.stderr.write('netmeter is not running: what the advice would have saved is not known.\n');
  return document;
}
