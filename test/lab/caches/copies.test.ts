// Cache mounts carried out of the engine and into it, compared with what builds and containers see.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { build, type Cleanup, docker, engine, labSuite, Netmeter, run } from '../harness/index.js';
import { engineRecords, removeEngineRecords } from './engine-view.js';

const test = labSuite('cache mounts carried out and in');

interface Scene {
  netmeter: Netmeter;
  /** With a file that .dockerignore would leave out, a program, a link and a folder. */
  source: string;
  folder: string;
  id: string;
  word: string;
}

/** A directory put into a cache mount whose id has everything in it that parsers trip over. */
async function imported(cleanup: Cleanup): Promise<Scene> {
  const word = `copies-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-copies-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const before = new Set((await engineRecords()).map(({ ID }) => ID));
  cleanup.defer(async () => {
    const after = await engineRecords();
    // From the last to the first: a record that others stand on goes after them.
    for (let rounds = 0; rounds < 3; rounds++) {
      await removeEngineRecords(after.filter(({ ID }) => !before.has(ID)).map(({ ID }) => ID));
    }
  });
  const source = join(folder, 'source');
  mkdirSync(join(source, 'deep/er'), { recursive: true });
  writeFileSync(join(source, '.dockerignore'), '*\n');
  writeFileSync(join(source, 'deep/er/data'), 'x'.repeat(100_000));
  writeFileSync(join(source, 'tool'), '#!/bin/sh\necho works\n');
  chmodSync(join(source, 'tool'), 0o750);
  symlinkSync('deep/er/data', join(source, 'link'));
  const path = `${dirname(engine('28').client)}${delimiter}${process.env.PATH}`;
  const netmeter = new Netmeter(cleanup, { env: { PATH: path } });
  const id = `${word}/a, "b" $c d`;
  const document = await netmeter.json<{ files: number; bytes: number }>([
    ...['cache', 'import', source, id, '--image', 'nm-busybox', '--owner', '123:456'],
  ]);
  assert.is(document.files, 3);
  return { netmeter, source, folder, id, word };
}

test('what is imported is what builds find, under the very id', 120_000, async (cleanup) => {
  const { id, netmeter, source } = await imported(cleanup);
  const { stderr } = await build({
    engine: '28',
    flags: ['--output', 'type=cacheonly'],
    args: { ID: id },
    dockerfile: `FROM nm-busybox
ARG ID
RUN --mount=type=cache,id=\${ID},target=/c cd /c && ./tool && wc -c < link && stat -c %u:%g:%a tool .dockerignore
`,
  });
  assert.match(stderr, /works\n/);
  assert.match(stderr, / 100000\n/);
  assert.match(stderr, /123:456:750\n/);
  // Again, with one file more: what is there stays.
  writeFileSync(join(source, 'later'), 'later');
  rmSync(join(source, 'tool'));
  await netmeter.run(['cache', 'import', source, id, '--image', 'nm-busybox']);
  const { caches } = await netmeter.json<{ caches: { id: string; path: string }[] }>(['cache', 'ls']);
  const [cache, ...others] = caches.filter((candidate) => candidate.id === id);
  assert.is(others.length, 0, 'no second cache was made');
  const names = readdirSync(cache?.path ?? '').sort();
  assert.equal(names, ['.dockerignore', 'deep', 'later', 'link', 'tool']);
});

test('exports to a directory and a tar file what is in it, and spoils nothing', 120_000, async (cleanup) => {
  const { netmeter, id, source, folder } = await imported(cleanup);
  const copy = join(folder, 'copy');
  await netmeter.run(['cache', 'export', id, '--to', copy]);
  await run('diff', ['--recursive', '--no-dereference', source, copy]);
  const { stdout } = await run('stat', ['-c', '%u:%g:%a', join(copy, 'tool')]);
  assert.is(stdout, '123:456:750\n');
  const tar = join(folder, 'copy.tar');
  await netmeter.run(['cache', 'export', id, '--to', tar]);
  await run('tar', ['--diff', '--file', tar], { cwd: copy });
  for (const to of [copy, tar]) {
    const again = await netmeter.run(['cache', 'export', id, '--to', to], { anyExit: true });
    assert.is(again.exitCode, 1);
    assert.match(again.stderr, /output-unwritable/);
  }
  const nowhere = await netmeter.run(['cache', 'export', id, '--to', '/proc/nowhere/x'], { anyExit: true });
  assert.is(nowhere.exitCode, 1);
  assert.not(existsSync('/proc/nowhere'));
  assert.equal(readdirSync(folder).sort(), ['copy', 'copy.tar', 'source'], 'nothing half written is left');
});

test('exports to a volume, with lines that work as they are', 120_000, async (cleanup) => {
  const { netmeter, id, word } = await imported(cleanup);
  cleanup.defer(() => docker('28', ['volume', 'rm', '-f', word], { anyExit: true }));
  const { stdout } = await netmeter.run(['cache', 'export', id, '--to', word, '--image', 'nm-busybox']);
  const words = /^ {2}(docker run .*) IMAGE$/m.exec(stdout)?.[1] ?? '';
  assert.match(words, `${word}:/netmeter-cache`);
  const command = `${words} --rm nm-busybox sh -c 'cd /netmeter-cache && ./tool && wc -c < link'`;
  const path = `${dirname(engine('28').client)}${delimiter}${process.env.PATH}`;
  const ran = await run('sh', ['-c', command], { env: { PATH: path } });
  assert.is(ran.stdout, 'works\n100000\n');
  const mounts = /("mounts": .*)$/m.exec(stdout)?.[1] ?? '';
  assert.equal(JSON.parse(`{${mounts}}`), {
    mounts: [`source=${word},target=/netmeter-cache,type=volume`],
  });
  const again = await netmeter.run(['cache', 'export', id, '--to', word], { anyExit: true });
  assert.is(again.exitCode, 1, 'a volume that is there is not written to');
  const containers = await docker('28', ['ps', '-a', '--filter', 'label=netmeter.role=copy', '--quiet']);
  assert.is(containers.stdout, '', 'no container is left');
});

test.run();
