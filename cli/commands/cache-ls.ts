import { askCaches } from '../caches/ask-caches.js';
import { cachesText } from '../caches/cache-text.js';
import type { Command } from '../command.js';

export const cacheLs: Command = {
  name: 'cache ls',
  summary: 'cache mounts by the ids that Dockerfiles use, with what is in them',
  description:
    'Lists the cache mounts of the engine. With the daemon running, also who used them and what filling them again ' +
    'would take; without it, as root. The engine is not asked for their sizes, which would lock them.',
  async run({ io, options }) {
    const document = await askCaches(io, options);
    io.stdout.write(
      options.json
        ? `${JSON.stringify(document)}\n`
        : cachesText(document.caches, undefined, io.stdout.columns),
    );
    return 0;
  },
};
