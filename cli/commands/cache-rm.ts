import type { RemovedCache } from '../../src/caches/helper.js';
import { cacheNamed, cachesNamed, fullId } from '../../src/caches/select.js';
import { NetmeterError } from '../../src/errors.js';
import { type CacheDocument, SCHEMA } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { askCaches, removeRecords } from '../caches/ask-caches.js';
import { holderText } from '../caches/cache-text.js';
import type { Command } from '../command.js';

interface CacheRmOptions {
  all?: boolean;
}

interface Outcome {
  cache: CacheDocument;
  status: 'removed' | 'in-use' | 'gone';
  freedBytes: number | null;
}

export const cacheRm: Command<CacheRmOptions> = {
  name: 'cache rm',
  summary: 'remove cache mounts by the ids that Dockerfiles use',
  description:
    'Removes exactly these cache mounts and nothing else of the build cache. One that a step has mounted stays, and ' +
    'the exit code is 1. Needs what docker itself needs: the rights to use the Docker socket.',
  operands: [['<id...>', 'ids in the Dockerfile, targets, or records of the engine']],
  options: [{ flags: '--all', description: 'all that an id fits, where it fits several' }],
  async run({ io, args, options }) {
    const { caches } = await askCaches(io, options);
    const named = args.flatMap((name) =>
      options.all ? cachesNamed(caches, name) : [cacheNamed(caches, name)],
    );
    const chosen = [...new Set(named)];
    const free = chosen.filter((cache) => !cache.inUse);
    const answers = free.length === 0 ? [] : await removeRecords(idsOf(free), io, options);
    const left = answers.every(({ removed }) => removed) ? [] : (await askCaches(io, options)).caches;
    const outcomes = chosen.map((cache) => outcomeOf(cache, answers, left));
    io.stdout.write(options.json ? `${JSON.stringify(rmDocument(outcomes))}\n` : rmText(outcomes));
    const held = outcomes.filter(({ status }) => status === 'in-use');
    if (held.length === 0) return 0;
    if (options.json) return 1;
    const who = held.map(({ cache }) => cache.heldBy && holderText(cache.heldBy)).filter(Boolean);
    throw new NetmeterError(
      'cache-in-use',
      `${held.length} of ${chosen.length} caches are in use, and stay`,
      {
        hint: who.length > 0 ? `wait for ${who.join(', ')}` : 'wait for the build that uses it',
      },
    );
  },
};

function idsOf(caches: readonly CacheDocument[]): string[] {
  return caches.map(({ recordId }) => recordId);
}

/** The engine says only that it removed nothing: whether it is still there tells why. */
function outcomeOf(
  cache: CacheDocument,
  answers: readonly RemovedCache[],
  left: readonly CacheDocument[],
): Outcome {
  const answer = answers.find(({ recordId }) => recordId === cache.recordId);
  if (answer?.removed) return { cache, status: 'removed', freedBytes: answer.freedBytes };
  if (answer === undefined) return { cache, status: 'in-use', freedBytes: null };
  const still = left.find(({ recordId }) => recordId === cache.recordId);
  return { cache: still ?? cache, status: still === undefined ? 'gone' : 'in-use', freedBytes: null };
}

function rmDocument(outcomes: readonly Outcome[]) {
  const caches = outcomes.map(({ cache, status, freedBytes }) => {
    const { id, namespace, recordId, heldBy } = cache;
    return { id, namespace, recordId, status, freedBytes, heldBy };
  });
  return { schema: SCHEMA, caches };
}

function rmText(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(({ cache, status, freedBytes }) => {
    const name = `${escapeText(fullId(cache))} (${cache.recordId})`;
    if (status === 'removed') return `removed ${name}, ${formatBytes(freedBytes ?? cache.sizeBytes)}`;
    if (status === 'gone') return `gone already: ${name}`;
    return `in use${cache.heldBy === null ? '' : ` by ${holderText(cache.heldBy)}`}: ${name}`;
  });
  return `${lines.join('\n')}\n`;
}
