// Cache mounts of an engine that keeps its snapshots in containerd, where their directories bear numbers.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import type { CacheDocument, CachesDocument } from '../../../src/protocol/documents.js';
import { labSuite, Netmeter, run } from '../harness/index.js';
import { type ContainerdEngine, startContainerdEngine } from '../observe/containerd-engine.js';

const test = labSuite("cache mounts in containerd's image store");

test(
  'their directories are found, with a daemon and without; removing one leaves the other',
  240_000,
  async (cleanup) => {
    const engine = await startContainerdEngine(cleanup);
    const netmeter = new Netmeter(cleanup, { env: { DOCKER_HOST: engine.dockerHost } });
    const context = await builtOn(engine);
    for (const daemon of ['without', 'with']) {
      if (daemon === 'with') await netmeter.start();
      const caches = await listed(netmeter);
      assert.equal(caches.map(({ id }) => id).sort(), ['/a', 'b'], daemon);
      for (const { id, path, sizeBytes } of caches) {
        assert.ok(path);
        assert.ok(path.startsWith(engine.rootDir), `${id}: ${path}`);
        assert.is(readFileSync(join(path, 'file'), 'utf8'), id === 'b' ? 'bbb\n' : 'aaaaa\n');
        assert.is(sizeBytes, id === 'b' ? 4 : 6);
      }
    }
    const { stdout } = await netmeter.run(['cache', 'path', 'b']);
    const path = stdout.trim();
    const copy = join(context, 'copy');
    await netmeter.run(['cache', 'export', 'b', '--to', copy]);
    assert.equal(readdirSync(copy), ['file']);
    await netmeter.run(['cache', 'rm', 'b']);
    assert.not(existsSync(join(path, 'file')));
    const left = await listed(netmeter);
    assert.equal(
      left.map(({ id }) => id),
      ['/a'],
    );
    assert.ok(existsSync(`${left[0]?.path}/file`));
  },
);

async function listed(netmeter: Netmeter): Promise<CacheDocument[]> {
  return (await netmeter.json<CachesDocument>(['cache', 'ls'])).caches;
}

/** @returns the folder that it was built from */
async function builtOn({ client, rootDir }: ContainerdEngine): Promise<string> {
  const context = join(dirname(rootDir), 'context');
  mkdirSync(context);
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM nm-busybox
RUN --mount=type=cache,target=/a echo aaaaa > /a/file
RUN --mount=type=cache,id=b,target=/c echo bbb > /c/file
`,
  );
  await run(client, ['build', '--network=host', '--output', 'type=cacheonly', context], {
    timeoutMs: 200_000,
  });
  return context;
}

test.run();
