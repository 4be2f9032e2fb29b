import { resolve } from 'node:path';
import { NetmeterError } from '../../src/errors.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { copyIn, sizeOf } from '../caches/copy-in.js';
import type { Command } from '../command.js';
import { DockerClient } from '../docker/client.js';

interface CacheImportOptions {
  image?: string;
  owner?: string;
}

export const cacheImport: Command<CacheImportOptions> = {
  name: 'cache import',
  summary: 'put a directory of this machine into a cache mount',
  description:
    'Copies a directory into the cache mount of that id, by a tiny build without network in an image that is there ' +
    'already. The cache is made when there is none; what it holds stays, files of the same name are replaced. Where a ' +
    'Dockerfile gives no id=, its id is the target: netmeter cache import ~/.cache/pip /root/.cache/pip',
  operands: [
    ['<directory>', 'what to put in'],
    ['<id>', 'the id of the cache mount as the Dockerfile has it'],
  ],
  options: [
    {
      flags: '--image <image>',
      description: 'image with a shell and cp to copy with (default: the smallest one)',
    },
    { flags: '--owner <uid:gid>', description: 'whose the files become (default 0:0)', parse: parseOwner },
  ],
  async run({ io, args, options }) {
    const [given = '', id = ''] = args;
    if (id === '' || /[\u0000-\u001f\u007f]/.test(id)) {
      throw new NetmeterError('usage', `${JSON.stringify(id)} is no id of a cache mount`);
    }
    const directory = resolve(io.cwd, given);
    const { bytes, files } = await sizeOf(directory);
    const docker = new DockerClient(io, options);
    const { image, owner } = options;
    const showProgress = io.stderr.isTerminal && !options.json;
    const used = await copyIn({ directory, id, docker, image, owner, showProgress });
    const document = { schema: SCHEMA, id, namespace: '', directory, files, bytes, image: used };
    io.stdout.write(
      options.json
        ? `${JSON.stringify(document)}\n`
        : `put ${files} files, ${formatBytes(bytes)}, into the cache mount ${escapeText(id)}\n`,
    );
    return 0;
  },
};

function parseOwner(text: string): string {
  if (/^\d{1,10}:\d{1,10}$/.test(text)) return text;
  throw new NetmeterError('usage', `"${text}" is no owner`, { hint: 'Numbers, such as 1000:1000.' });
}
