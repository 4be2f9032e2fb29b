// Cache mounts by the names that Dockerfiles use: listed, shown, with a daemon and without.
import * as assert from 'uvu/assert';
import { finishedBuild } from '../exactness/documents.js';
import {
  build,
  bytesPath,
  docker,
  lab,
  labSuite,
  Netmeter,
  originPath,
  startNetmeter,
} from '../harness/index.js';
import { engineRecords } from './engine-view.js';
import { listed, mark } from './scene.js';

const test = labSuite('cache mounts by name');
const MB = 1_000_000;
const ESCAPE = '\u001b[31m';

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
  const built = await finishedBuild(netmeter, tag);
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
  const odd = caches.find((cache) => cache.id === id);
  assert.is(odd?.target, '/z');
  const user = built.steps.find(({ name }) => name.includes('target=/z'));
  assert.is(user?.attribution, 'exact', 'blanks in an id keep no step from its process');
  assert.equal(
    user?.cacheMounts.map((mount) => [mount.id, mount.recordId]),
    [[id, odd?.recordId]],
  );
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
  const removed = await netmeter.run(['cache', 'rm', `${word}/a b \\e[31m`]);
  assert.ok(removed.stdout.startsWith(`removed ${word}/a b \\e[31m (`), removed.stdout);
  assert.is((await listed(netmeter, word)).length, 2);
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
