// A cold build on purpose: what it measures is what the far side sent, and what is the user's stays as it is.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import type {
  BaselineDocument,
  BuildShowDocument,
  BuildsDocument,
  CacheDocument,
  CachesDocument,
  ErrorDocument,
} from '../../../src/protocol/documents.js';
import { type EngineRecord, engineRecords, removeEngineRecords } from '../caches/engine-view.js';
import { finishedBuild, stepNamed } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  bytesPath,
  type Cleanup,
  docker,
  engine,
  eventually,
  lab,
  labSuite,
  Netmeter,
  originPath,
  run,
} from '../harness/index.js';

const test = labSuite('baselines');
const MB = 1_000_000;

interface Scene {
  netmeter: Netmeter;
  folder: string;
  word: string;
  paths: { cached: string; plain: string; added: string };
}

/** A project that was built before netmeter was there. */
async function builtBefore(cleanup: Cleanup): Promise<Scene> {
  const word = `baseline-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-baseline-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const before = new Set((await engineRecords()).map(({ ID }) => ID));
  cleanup.defer(async () => {
    await docker('28', ['rmi', '-f', word], { anyExit: true });
    for (let rounds = 0; rounds < 4; rounds++) {
      const fresh = (await engineRecords()).filter(({ ID }) => !before.has(ID));
      await removeEngineRecords(fresh.map(({ ID }) => ID));
    }
  });
  const paths = {
    cached: bytesPath(6 * MB, 'cached'),
    plain: bytesPath(3 * MB, 'plain'),
    added: bytesPath(2 * MB, 'added'),
  };
  const { origin } = lab();
  writeFileSync(join(folder, '.dockerignore'), 'Dockerfile\n');
  writeFileSync(join(folder, 'input'), 'one');
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM nm-busybox
ADD ${origin}${paths.added} /added
RUN wget -q -O /plain ${origin}${paths.plain}
COPY input /input
RUN --mount=type=cache,id=${word},target=/c [ -e /c/x ] || wget -q -O /c/x ${origin}${paths.cached}
RUN --mount=type=cache,id=${word},target=/c test -e /c/x
`,
  );
  await build(folder, word);
  const path = `${dirname(engine('28').client)}${delimiter}${process.env.PATH}`;
  return { netmeter: new Netmeter(cleanup, { env: { PATH: path } }), folder, word, paths };
}

function build(folder: string, tag: string) {
  return docker('28', ['build', '--progress=plain', '-t', tag, folder], { timeoutMs: 120_000 });
}

/** What is the user's: images, layers, cache mounts with their files. Sources of builds come and go with each. */
async function belongings(netmeter: Netmeter) {
  const images = await docker('28', ['image', 'ls', '--no-trunc', '--quiet']);
  const { caches } = await netmeter.json<CachesDocument>(['cache', 'ls']);
  const files = await Promise.all(caches.map(filesOf));
  const records = (await engineRecords()).filter(isKept).map(({ ID, Size }) => `${ID} ${Size}`);
  return { images: images.stdout.split('\n').sort(), records: records.sort(), files: files.sort() };
}

async function filesOf({ path, recordId }: CacheDocument): Promise<string> {
  const listed = await run('find', [path ?? '', '-printf', '%P %s %T@ %i\n']);
  return `${recordId}\n${listed.stdout.split('\n').sort().join('\n')}`;
}

function isKept({ Type }: EngineRecord): boolean {
  return Type !== 'source.local';
}

test('measures what each step fetches cold, and leaves everything as it was', 240_000, async (cleanup) => {
  const { netmeter, folder, word, paths } = await builtBefore(cleanup);
  await netmeter.start();
  const refused = await netmeter.run(['baseline', folder], { anyExit: true });
  assert.is(refused.exitCode, 2, 'nobody knows whether the link is metered');
  assert.match(refused.stderr, /what it will cost is unknown/);
  assert.match(refused.stderr, /--yes/);
  const before = await belongings(netmeter);
  const counts = () => Promise.all(Object.values(paths).map((path) => originPath(path)));
  const earlier = await counts();
  const document = await netmeter.json<BaselineDocument & { leftRecords: string[] }>(
    ['baseline', '--yes', '-t', 'never-made', folder],
    { timeoutMs: 120_000 },
  );
  const later = await counts();
  assert.equal(
    later.map(({ requests }, i) => requests - (earlier[i]?.requests ?? 0)),
    [1, 1, 1],
    'each was fetched once more',
  );
  for (const path of Object.values(paths)) {
    const step = document.steps.find(({ name }) => name.includes(path));
    const count = await originPath(path);
    const each = { ...count, socketSent: count.socketSent / 2, requests: 1 };
    assertWithin(step?.coldBytes ?? 0, receivedOverTcp(each), 1e-2, path);
  }
  assert.is(
    document.coldBytes,
    document.steps.reduce((sum, step) => sum + step.coldBytes, 0),
  );
  assert.equal(
    document.unmeasured.map(({ because }) => because),
    ['the image is there already'],
  );
  assert.equal(document.leftRecords, []);
  assert.equal(await belongings(netmeter), before);
  assert.is((await docker('28', ['image', 'inspect', 'never-made'], { anyExit: true })).exitCode, 1);
  await build(folder, word);
  const again = await finishedBuild(netmeter, word, 'none');
  for (const step of again.steps.filter(({ kind }) => kind === 'run'))
    assert.is(step.status, 'cached', step.name);
  // That build only asked whether the ADD's file has changed: what fetching it costs is known all the same.
  const asked = await netmeter.run(['baseline', folder], { anyExit: true });
  const expected = Number(/it will cost about ([0-9.]+) MB/.exec(asked.stderr)?.[1]) * MB;
  assertWithin(expected, document.coldBytes, 1e-2, asked.stderr);
});

test('later savings rest on it, though the caches were warm all along', 240_000, async (cleanup) => {
  const { netmeter, folder, word, paths } = await builtBefore(cleanup);
  await netmeter.start();
  await netmeter.json(['baseline', '--yes', folder], { timeoutMs: 120_000 });
  writeFileSync(join(folder, 'input'), 'two');
  await build(folder, word);
  const shown = await finishedBuild(netmeter, word, 'inferred');
  const step = stepNamed(shown, paths.cached);
  const count = await originPath(paths.cached);
  const once = receivedOverTcp({ ...count, socketSent: count.socketSent / 2, requests: 1 });
  assert.is(step.status, 'done');
  assertWithin(step.coldBytes ?? 0, once, 1e-2, 'cold');
  const saved = step.savings?.find(({ cause }) => cause === 'cache-mount');
  assertWithin(saved?.bytes ?? 0, once, 1e-2, 'saved by the cache mount');
  const { caches } = await netmeter.json<CachesDocument>(['cache', 'ls']);
  const cache = caches.find(({ id }) => id === word);
  const all = shown.steps.flatMap(({ savings }) => savings ?? []);
  const mounts = all
    .filter(({ cause }) => cause === 'cache-mount')
    .reduce((sum, { bytes }) => sum + bytes, 0);
  assert.is(cache?.savedBytes, mounts, 'what this cache saved so far is what its steps saved');
  const { builds } = await netmeter.json<BuildsDocument>(['builds']);
  assert.is(builds.filter(({ cacheNamespace }) => cacheNamespace !== undefined).length, 1);
});

test('stops at a cache mount that others filled, and leaves nothing of it', 120_000, async (cleanup) => {
  const { netmeter, folder, paths } = await builtBefore(cleanup);
  await netmeter.start();
  const before = await belongings(netmeter);
  const { requests } = await originPath(paths.cached);
  const wrapper = join(folder, 'bin');
  mkdirSync(wrapper);
  writeFileSync(join(wrapper, 'docker'), fillingFirst(folder), { mode: 0o755 });
  writeFileSync(join(folder, '.dockerignore'), 'Dockerfile\nbin\n');
  const path = `${wrapper}${delimiter}${dirname(engine('28').client)}${delimiter}${process.env.PATH}`;
  const refused = await netmeter.run(['baseline', '--yes', '--json', folder], {
    env: { PATH: path },
    anyExit: true,
    timeoutMs: 60_000,
  });
  assert.is(refused.exitCode, 1, refused.stderr);
  const { error } = JSON.parse(refused.stdout) as ErrorDocument;
  assert.is(error.code, 'baseline-not-cold');
  assert.match(error.message, /the cache mount \S+ of .* RUN --mount=type=cache.* was not empty/);
  assert.is((await originPath(paths.cached)).requests, requests);
  rmSync(wrapper, { recursive: true });
  assert.equal(await belongings(netmeter), before);
});

/** A client that has another build fill the caches of the build's namespace before it builds. */
function fillingFirst(folder: string): string {
  const real = join(dirname(engine('28').client), 'docker');
  return `#!/bin/sh
for word; do case $word in BUILDKIT_CACHE_MOUNT_NS=*) ns=$word;; esac; done
if [ -n "$ns" ]; then
  sed -n 's/^RUN --mount=type=cache,\\(id=[^,]*\\),.*wget.*/FROM nm-busybox\\nRUN --mount=type=cache,\\1,target=\\/c touch \\/c\\/x/p' \
    ${join(folder, 'Dockerfile')} | ${real} build --build-arg "$ns" --add-host "\${ns#*=}:127.0.0.1" --output type=cacheonly - >&2 || exit 9
fi
exec ${real} "$@"
`;
}

test('Control-C ends the build, and leaves nothing of it', 120_000, async (cleanup) => {
  const { netmeter, folder, word } = await builtBefore(cleanup);
  await netmeter.start();
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM nm-busybox\nRUN --mount=type=cache,id=${word},target=/c echo 1 > /c/x; echo 2 > /y\nRUN sleep 300\n`,
  );
  const before = await belongings(netmeter);
  // BuildKit remembers builds of other tests.
  const began = new Date().toISOString();
  const { command, args, env } = netmeter.commandLine(['baseline', '--yes', folder]);
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  const exited = once(child, 'exit');
  cleanup.defer(() => void child.kill('SIGKILL'));
  await eventually('its last step to run', 30_000, async () => {
    const { builds } = await netmeter.json<BuildsDocument>(['builds']);
    const ours = builds.find(({ cacheNamespace, status }) => cacheNamespace && status === 'running');
    if (ours === undefined) return undefined;
    const { steps } = await netmeter.json<BuildShowDocument>(['build', 'show', ours.ref]);
    return steps.some(({ name, status }) => name.includes('sleep 300') && status === 'running') || undefined;
  });
  child.kill('SIGINT');
  const [exitCode] = await exited;
  assert.is(exitCode, 1);
  assert.equal(await belongings(netmeter), before);
  const { builds } = await netmeter.json<BuildsDocument>(['builds']);
  const ours = builds.filter(({ cacheNamespace, startedAt }) => cacheNamespace && (startedAt ?? '') >= began);
  assert.equal(
    ours.map(({ status }) => status),
    ['canceled'],
  );
});

test('a build that fails leaves nothing of it', 120_000, async (cleanup) => {
  const { netmeter, folder } = await builtBefore(cleanup);
  await netmeter.start();
  writeFileSync(
    join(folder, 'Dockerfile'),
    'FROM nm-busybox\nRUN --mount=type=cache,target=/c echo 1 > /c/x; echo 2 > /y\nRUN exit 3\n',
  );
  const before = await belongings(netmeter);
  const failed = await netmeter.run(['baseline', '--yes', folder], { anyExit: true, timeoutMs: 60_000 });
  assert.is(failed.exitCode, 1);
  assert.match(failed.stderr, /exit code: 3/);
  assert.match(failed.stderr, /docker-failed/);
  assert.equal(await belongings(netmeter), before);
});

test.run();
