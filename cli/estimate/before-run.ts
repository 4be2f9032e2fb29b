import { basename } from 'node:path';
import type { EstimateDocument } from '../../src/protocol/documents.js';
import type { Place } from '../../src/protocol/paths.js';
import { askDaemon } from '../client/ask-daemon.js';
import type { Io } from '../io.js';
import { estimateQuestion } from './question.js';
import { estimateLine, gateLine } from './text.js';

/** A build is not kept waiting for longer. */
const PATIENCE_MS = 3_000;
const BUILD = [['build'], ['buildx', 'build'], ['image', 'build'], ['builder', 'build']];

/**
 * What to say before a `docker build` on a metered link; undefined for other commands and links, and when it cannot
 * be told in time. The daemon notes what the build is about to copy, whatever the link.
 */
export async function warningBefore(
  command: readonly string[],
  places: readonly Place[],
  io: Pick<Io, 'cwd' | 'env' | 'signal'>,
): Promise<string | undefined> {
  const words = buildWords(command);
  if (words === undefined) return undefined;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  const given = new Promise<undefined>((resolve) => {
    patience.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    const document = await Promise.race([estimated(words, places, io, patience.signal), given]);
    if (document?.metered !== true) return undefined;
    return `netmeter: ${estimateLine(document)} ${gateLine(document)}\n`;
  } catch {
    // The build will say what is wrong with its arguments.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function estimated(
  words: readonly string[],
  places: readonly Place[],
  io: Pick<Io, 'cwd' | 'env' | 'signal'>,
  patience: AbortSignal,
): Promise<EstimateDocument> {
  const question = await estimateQuestion(words, { offline: true, stdin: false }, io);
  const signal = AbortSignal.any([io.signal, patience]);
  return (await askDaemon(places, 'estimate', question, { signal })).result;
}

/** What follows `docker build`; undefined when it is no such command. */
export function buildWords([program = '', ...rest]: readonly string[]): string[] | undefined {
  if (basename(program) !== 'docker') return undefined;
  const words = BUILD.find((each) => each.every((word, index) => rest[index] === word));
  return words && rest.slice(words.length);
}
