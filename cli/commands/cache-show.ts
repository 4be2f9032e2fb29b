import { cacheNamed } from '../../src/caches/select.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import { askCaches } from '../caches/ask-caches.js';
import { cacheText } from '../caches/cache-text.js';
import type { Command } from '../command.js';

export const cacheShow: Command = {
  name: 'cache show',
  summary: 'one cache mount: what it is for, who uses it, what refilling it would take',
  operands: [['<id>', 'the id in the Dockerfile, its target, or the record of the engine']],
  async run({ io, args, options }) {
    const { caches } = await askCaches(io, options);
    const cache = cacheNamed(caches, args[0] ?? '');
    io.stdout.write(
      options.json ? `${JSON.stringify({ schema: SCHEMA, cache })}\n` : cacheText(cache, undefined),
    );
    return 0;
  },
};
