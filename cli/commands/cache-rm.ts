import type { RemovedCache } from '../../src/caches/helper.js';
import { cacheNamed, cachesNamed, fullId, isOwnName, listCaches } from '../../src/caches/select.js';
import { NetmeterError } from '../../src/errors.js';
import { type CacheDocument, SCHEMA } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { askCaches, removeRecords } from '../caches/ask-caches.js';
import { holderText } from '../caches/cache-text.js';
import type { Command, GlobalOptions } from '../command.js';
import { confirm } from '../confirm.js';
import type { Io } from '../io.js';

interface CacheRmOptions {
  all?: boolean;
  yes?: boolean;
}

const NO = 1;

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
    'the exit code is 1. What only a target fits is listed, and removed once you say so: it may not be the cache ' +
    'that you mean. Needs what docker itself needs: the rights to use the Docker socket.',
  operands: [['<id...>', 'ids in the Dockerfile, targets, or records of the engine']],
  options: [
    { flags: '--all', description: 'all that an id fits, where it fits several' },
    { flags: '--yes', description: 'do not ask' },
  ],
  async run({ io, args, options }) {
    const { caches } = await askCaches(io, options);
    const named = args.flatMap((name) =>
      options.all ? cachesNamed(caches, name) : [cacheNamed(caches, name)],
    );
    const chosen = [...new Set(named)];
    const guessed = chosen.filter((cache) => !args.some((name) => isOwnName(cache, name)));
    if (guessed.length > 0 && !(await isAgreed(guessed, io, options))) return NO;
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

/** @throws NetmeterError `not-confirmed` when nobody can be asked */
async function isAgreed(
  caches: readonly CacheDocument[],
  io: Io,
  { yes = false, json = false }: CacheRmOptions & GlobalOptions,
): Promise<boolean> {
  if (yes) return true;
  const list = listCaches(caches);
  const what = caches.length === 1 ? 'a cache mount that has' : `${caches.length} cache mounts that have`;
  if (io.terminal !== undefined && !json) io.stdout.write(`That is ${what} another id:\n${list}\n`);
  const agreed = json ? undefined : await confirm(caches.length === 1 ? 'Remove it?' : 'Remove them?', io);
  if (agreed !== undefined) return agreed;
  throw new NetmeterError(
    'not-confirmed',
    `that is ${what} another id, and nobody can be asked whether it is meant`,
    {
      hint: `Use the record's id, or say so with --yes:\n${list}`,
    },
  );
}

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
