// Cache mounts by the names that Dockerfiles use: listed, shown, removed, with a daemon and without.
import { writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { CacheDocument, CachesDocument } from '../../../src/protocol/documents.js';
import { finishedBuild } from '../exactness/documents.js';
import {
  build,
  bytesPath,
  type Cleanup,
  docker,
  eventually,
  lab,
  labSuite,
  Netmeter,
  originPath,
  startNetmeter,
} from '../harness/index.js';
import { engineRecords, removeCachesWith } from './engine-view.js';

const test = labSuite('cache mounts by name');
const MB = 1_000_000;
const ESCAPE = '\u001b[31m';

/** Unlike any other run's. */
function mark(cleanup: Cleanup): string {
  const word = `caches-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  cleanup.defer(() => removeCachesWith(word));
  return word;
}

async function listed(netmeter: Netmeter, word: string): Promise<CacheDocument[]> {
  const { caches } = await netmeter.json<CachesDocument>(['cache', 'ls']);
  return caches.filter(({ id }) => id.includes(word));
}

test('lists each by its id, as large as the engine says, with who filled it', 120_000, async (cleanup) => {
  const word = mark(cleanup);
  const netmeter = await startNetmeter(cleanup);
  const path = bytesPath(3 * MB, word);
  const id = `${word}/a b ${ESCAPE}`;
  const tag = `named-${word}`;
  cleanup.defer(() => docker('28', ['rmi', '-f', tag], { anyExit: true }));
  await build({
    engine: '28',
    flags: ['-t', tag],
    args: { ID: id },
    dockerfile: `FROM nm-busybox
ARG ID
RUN --mount=type=cache,id=${word}-pip,target=/root/.cache/pip wget -q -O /root/.cache/pip/x ${lab().origin}${path}
RUN --mount=type=cache,id=${word}-poetry,target=/x mkdir -p /x/pypoetry/artifacts && echo 1234 > /x/pypoetry/a
RUN --mount=type=cache,id=${word}-poetry,target=/y ls /y
RUN --mount=type=cache,id=\${ID},target=/z echo > /z/z
`,
  });
  await finishedBuild(netmeter, tag, 'none');
  const caches = await listed(netmeter, word);
  // Afterwards: the engine takes its own sizing for a use.
  const truth = new Map((await engineRecords()).map((record) => [record.ID, record]));
  assert.is(caches.length, 3);
  for (const cache of caches) {
    const record = truth.get(cache.recordId);
    assert.is(cache.sizeBytes, record?.Size, cache.id);
    // The engine's own garbage collection sizes it, too, at some time after a build.
    assert.ok(cache.usageCount >= (cache.id.endsWith('poetry') ? 2 : 1));
    assert.is(cache.inUse, false);
    assert.is(cache.prunedNext, false, 'used a moment ago');
  }
  assert.is(caches.find((cache) => cache.id === id)?.target, '/z');
  const pip = caches.find((cache) => cache.id === `${word}-pip`);
  assert.is(pip?.namespace, '');
  assert.is(pip?.manager, 'pip');
  assert.ok(pip?.path?.startsWith(lab().engines[0]?.dataDir ?? '-'), pip?.path ?? 'no path');
  const sent = (await originPath(path)).socketSent;
  assert.ok((pip?.refillBytes ?? 0) > sent, `${pip?.refillBytes} for ${sent} on the wire and its headers`);
  assert.ok((pip?.refillBytes ?? 0) < sent * 1.1);
  const poetry = caches.find((cache) => cache.id === `${word}-poetry`);
  assert.is(poetry?.manager, 'poetry', 'by its content');
  assert.equal([...(poetry?.targets ?? [])].sort(), ['/x', '/y']);
  assert.is(poetry?.uses.length, 2);
  const { stdout } = await netmeter.run(['cache', 'ls']);
  assert.match(stdout, `${word}/a b \\e[31m`);
  assert.not.ok(stdout.includes('\u001b'), 'no escape code reaches the terminal');
  await netmeter.run(['cache', 'show', `${word}/a b \\e[31m`]);
  const shown = await netmeter.run(['cache', 'show', `${word}-pip`]);
  assert.match(shown.stdout, /fetched 3\.\d+ MB, found it empty/);
});

test('removes the one that is named, and nothing else', 120_000, async (cleanup) => {
  const word = mark(cleanup);
  const netmeter = await startNetmeter(cleanup);
  const target = `/${word}`;
  await build({
    engine: '28',
    flags: ['--output', 'type=cacheonly'],
    dockerfile: `FROM nm-busybox
RUN --mount=type=cache,id=${word}-1,target=${target} echo one > ${target}/f
RUN --mount=type=cache,id=${word}-2,target=${target} echo two > ${target}/f
RUN --mount=type=cache,id=${word}-3,target=/other echo three > /other/f
`,
  });
  const before = await engineRecords();
  const ambiguous = await netmeter.run(['cache', 'rm', target], { anyExit: true });
  assert.is(ambiguous.exitCode, 2);
  const [one, two] = await Promise.all([1, 2].map((n) => listed(netmeter, `${word}-${n}`)));
  assert.match(ambiguous.stderr, one?.[0]?.recordId ?? '-');
  assert.match(ambiguous.stderr, two?.[0]?.recordId ?? '-');
  // Two at once: one of them removes it, the other finds it gone.
  const both = await Promise.all(
    [1, 2].map(() => netmeter.run(['cache', 'rm', `${word}-1`, '--json'], { anyExit: true })),
  );
  const said = both.map(
    ({ stdout }) => JSON.parse(stdout).caches?.[0]?.status ?? JSON.parse(stdout).error.code,
  );
  assert.is(said.filter((status) => status === 'removed').length, 1, said.join());
  for (const status of said) assert.ok(['removed', 'gone', 'not-found'].includes(status), status);
  const after = new Set((await engineRecords()).map(({ ID }) => ID));
  const gone = before.filter(({ ID }) => !after.has(ID)).map(({ ID }) => ID);
  assert.equal(gone, [one?.[0]?.recordId]);
  await netmeter.run(['cache', 'rm', '--all', target, `${word}-3`]);
  assert.is((await listed(netmeter, word)).length, 0);
  assert.is((await netmeter.run(['cache', 'rm', `${word}-3`], { anyExit: true })).exitCode, 1);
});

test('refuses to remove what a step has mounted, and says which', 120_000, async (cleanup) => {
  const word = mark(cleanup);
  const netmeter = await startNetmeter(cleanup);
  const building = build({
    engine: '28',
    flags: ['--output', 'type=cacheonly'],
    dockerfile: `FROM nm-busybox
RUN --mount=type=cache,id=${word},target=/c touch /c/here; n=0; until [ -e /c/go ] || [ $n = 600 ]; do sleep 0.1; n=$((n+1)); done
`,
  });
  building.catch(() => {});
  const held = await eventually('the cache to be in use', 30_000, async () => {
    const [cache] = await listed(netmeter, word);
    return cache?.inUse && cache.heldBy !== null ? cache : undefined;
  });
  assert.match(held.heldBy?.step ?? '', /touch \/c\/here/);
  const refused = await netmeter.run(['cache', 'rm', word], { anyExit: true });
  assert.is(refused.exitCode, 1);
  assert.match(refused.stderr, /touch \/c\/here.*\n?/);
  assert.match(refused.stderr, /cache-in-use/);
  const alone = new Netmeter(cleanup);
  const [seen] = await listed(alone, word);
  assert.match(seen?.heldBy?.step ?? '', /touch \/c\/here/, 'without a daemon, too');
  writeFileSync(`${held.path}/go`, '');
  await building;
  await netmeter.run(['cache', 'rm', word]);
  assert.is((await listed(netmeter, word)).length, 0);
});

test('without a daemon: root sees them, others are told why not', 60_000, async (cleanup) => {
  const word = mark(cleanup);
  const alone = new Netmeter(cleanup);
  await build({
    engine: '28',
    flags: ['--output', 'type=cacheonly'],
    dockerfile: `FROM nm-busybox\nRUN --mount=type=cache,target=/${word} echo 12345 > /${word}/f\n`,
  });
  const [cache] = await listed(alone, word);
  assert.is(cache?.sizeBytes, 6);
  assert.is(cache?.id, `/${word}`);
  assert.is(cache?.refillBytes, null, 'nobody has seen builds');
  const { stdout, stderr } = await alone.run(['cache', 'path', `/${word}`]);
  assert.is(stdout, `${cache?.path}\n`);
  assert.match(stderr, /engine's own/);
  await alone.run(['cache', 'rm', `/${word}`]);
  assert.is((await listed(alone, word)).length, 0);
});

test.run();
