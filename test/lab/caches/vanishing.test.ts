// A cache mount that somebody else removes between the look at it and its removal.
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { CachesDocument } from '../../../src/protocol/documents.js';
import { build, type Cleanup, engine, labSuite, startNetmeter } from '../harness/index.js';
import { engineRecords, removeCachesWith, removeEngineRecords } from './engine-view.js';

const test = labSuite('cache mounts that vanish');

test('is said to be gone already, and nothing else is removed', 120_000, async (cleanup) => {
  const word = `vanish-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  cleanup.defer(() => removeCachesWith(word));
  const netmeter = await startNetmeter(cleanup);
  await build({
    engine: '28',
    flags: ['--output', 'type=cacheonly'],
    dockerfile: `FROM nm-busybox
RUN --mount=type=cache,id=${word}-1,target=/c echo ${word} > /c/f
RUN --mount=type=cache,id=${word}-2,target=/c echo ${word} > /c/f
`,
  });
  const { caches } = await netmeter.json<CachesDocument>(['cache', 'ls']);
  const idOf = (id: string) => caches.find((cache) => cache.id === `${word}-${id}`)?.recordId ?? 'none';
  const socket = await removingFirst(cleanup, idOf('1'));
  const env = { DOCKER_HOST: `unix://${socket}` };
  const text = await netmeter.run(['cache', 'rm', `${word}-1`], { env });
  assert.is(text.stdout, `gone already: ${word}-1 (${idOf('1')})\n`);
  const left = (await engineRecords()).map(({ ID }) => ID);
  assert.not.ok(left.includes(idOf('1')));
  assert.ok(left.includes(idOf('2')));
  // By the name and the record that a list of before has.
  for (const name of [`${word}-1`, idOf('1')]) {
    const late = await netmeter.run(['cache', 'rm', name], { anyExit: true });
    assert.is(late.exitCode, 1);
    assert.match(late.stderr, `there is no cache mount "${name}" (not-found)`);
  }
});

/** A way to the engine on which a record is removed by somebody else just before anything is asked to be. */
async function removingFirst(cleanup: Cleanup, recordId: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-vanish-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'docker.sock');
  const server = createServer((client) => {
    client.on('error', () => {});
    client.once('data', async (first: Buffer) => {
      client.pause();
      if (first.toString().startsWith('POST /build/prune')) await removeEngineRecords([recordId]);
      const upstream = connect(engine('28').dockerHost.replace('unix://', ''));
      upstream.on('error', () => client.destroy());
      upstream.write(first);
      client.pipe(upstream).pipe(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  cleanup.defer(() => server.close());
  return path;
}

test.run();
