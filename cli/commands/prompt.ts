import type { PromptDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { placesOf } from '../ask.js';
import { askDaemon } from '../client/ask-daemon.js';
import type { Command } from '../command.js';

/** A prompt that waits is worse than one that says nothing. */
const TIMEOUT_MS = 300;

export const prompt: Command = {
  name: 'prompt',
  summary: 'a few words for a shell prompt: the metered link, what is left, new warnings',
  description:
    'A few words for a shell prompt: the link if it is metered, what is left of its budget, and how many warnings ' +
    'nobody has seen. Prints nothing where there is nothing to say, and where no daemon runs. ' +
    'For bash: PS1=\'$(netmeter prompt)\'"$PS1"',
  async run({ io, options }) {
    try {
      const asked = { signal: io.signal, timeoutMs: TIMEOUT_MS };
      const { result } = await askDaemon(placesOf(io, options), 'prompt', {}, asked);
      io.stdout.write(options.json ? `${JSON.stringify(result)}\n` : promptText(result));
    } catch (error) {
      if (options.json) throw error;
    }
    return 0;
  },
};

/** `[Hotspot 1.20 GB left !2] `, or nothing at all. */
export function promptText({ link, metered, remainingBytes, warnings }: PromptDocument): string {
  const words: string[] = [];
  if (link !== null && (metered === true || remainingBytes !== null)) {
    words.push(escapeText(link));
    words.push(remainingBytes === null ? 'metered' : `${formatBytes(remainingBytes)} left`);
  }
  if (warnings > 0) words.push(`!${warnings}`);
  return words.length === 0 ? '' : `[${words.join(' ')}] `;
}
