import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Destination, mountLines, parseDestination } from '../../src/caches/destination.js';
import { cacheNamed, fullId } from '../../src/caches/select.js';
import { NetmeterError } from '../../src/errors.js';
import { type CacheDocument, SCHEMA } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { askCaches } from '../caches/ask-caches.js';
import { holderText } from '../caches/cache-text.js';
import { copyOut } from '../caches/copy-out.js';
import { progressOf } from '../caches/progress.js';
import type { Command } from '../command.js';
import { DockerClient } from '../docker/client.js';

interface CacheExportOptions {
  to?: string;
  image?: string;
  force?: boolean;
}

export const cacheExport: Command<CacheExportOptions> = {
  name: 'cache export',
  summary: 'copy a cache mount to a directory, a tar file or a volume',
  description:
    'Copies what is in a cache mount: to a directory (with a slash in its name), a tar file (FILE.tar), or a named ' +
    'volume, which is the safe way to have it in a running container: prints how to mount it. Needs root, since the ' +
    "files are the engine's.",
  operands: [['<id>', 'the id in the Dockerfile, its target, or the record of the engine']],
  options: [
    { flags: '--to <where>', description: 'DIR, FILE.tar or VOLUME' },
    { flags: '--image <image>', description: 'local image for the container that a volume is filled by' },
    { flags: '--force', description: 'into what is there already, and while a build uses the cache' },
  ],
  async run({ io, args, options }) {
    if (options.to === undefined) throw new NetmeterError('usage', 'where to? --to DIR, FILE.tar or VOLUME');
    const to = parseDestination(options.to, (path) => isDirectory(resolve(io.cwd, path)));
    const cache = cacheNamed((await askCaches(io, options)).caches, args[0] ?? '');
    const { path, force = false } = { path: pathOf(cache), force: options.force };
    if (cache.heldBy !== null && !force) throw inUse(cache.heldBy);
    const progress = progressOf('copying', cache.sizeBytes, io.stderr, io.now);
    try {
      const docker = new DockerClient(io, options);
      const { image } = options;
      await copyOut({ path, to, cwd: io.cwd, docker, image, force, progress, signal: io.signal });
    } finally {
      progress.done();
    }
    const lines = to.kind === 'volume' ? mountLines(to.name, cache.target ?? cache.id) : undefined;
    if (options.json) {
      const { id, namespace, recordId, sizeBytes } = cache;
      const mount = { dockerRun: lines?.dockerRun ?? null, devContainer: lines?.devContainer ?? null };
      const document = { schema: SCHEMA, id, namespace, recordId, to, sizeBytes, tarBytes: progress.bytes() };
      io.stdout.write(`${JSON.stringify({ ...document, ...mount })}\n`);
    } else io.stdout.write(exportText(cache, to, lines));
    return 0;
  },
};

function exportText(
  cache: CacheDocument,
  to: Destination,
  lines: ReturnType<typeof mountLines> | undefined,
): string {
  const where = to.kind === 'volume' ? `the volume ${to.name}` : to.path;
  const done = `copied ${escapeText(fullId(cache))}, ${formatBytes(cache.sizeBytes)}, to ${escapeText(where)}\n`;
  if (lines === undefined) return done;
  return `${done}
Use it in a container:
  ${escapeText(lines.dockerRun)}
In a Dev Container, add to devcontainer.json:
  ${escapeText(lines.devContainer)}
It is a copy: builds do not see what is changed in it.
`;
}

function pathOf({ path, id }: CacheDocument): string {
  if (path !== null) return path;
  throw new NetmeterError('not-found', `the directory of ${JSON.stringify(id)} was not found`, {
    hint: 'it was removed in this moment, or the engine keeps its data in an unknown layout',
  });
}

function inUse(holder: { step: string; ref: string | null }): NetmeterError {
  return new NetmeterError('cache-in-use', `the cache is in use by ${holderText(holder)}`, {
    hint: 'wait for that build, or copy what there is, perhaps half written, with --force',
  });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
