import { cacheNamed } from '../../src/caches/select.js';
import { NetmeterError } from '../../src/errors.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { askCaches } from '../caches/ask-caches.js';
import type { Command } from '../command.js';

const RISK =
  "This directory is the engine's own. It may vanish at any time (pruning, --no-cache, garbage collection), builds " +
  'write to it at the same moment, and whatever is changed in it goes into later images. To use its files elsewhere, ' +
  'take a copy: netmeter cache export ID --to VOLUME';

export const cachePath: Command = {
  name: 'cache path',
  summary: "a cache mount's directory on this machine, and the risk of using it",
  description: `Prints the directory of a cache mount. ${RISK}`,
  operands: [['<id>', 'the id in the Dockerfile, its target, or the record of the engine']],
  async run({ io, args, options }) {
    const { caches } = await askCaches(io, options);
    const { id, recordId, path, inUse } = cacheNamed(caches, args[0] ?? '');
    if (path === null) {
      throw new NetmeterError('not-found', `the directory of ${JSON.stringify(id)} was not found`, {
        hint: 'it was removed in this moment, or the engine keeps its data in an unknown layout',
      });
    }
    if (options.json) {
      io.stdout.write(`${JSON.stringify({ schema: SCHEMA, id, recordId, path, inUse, risk: RISK })}\n`);
    } else {
      io.stdout.write(`${escapeText(path)}\n`);
      io.stderr.write(`${inUse ? 'A build uses it right now. ' : ''}${RISK}\n`);
    }
    return 0;
  },
};
