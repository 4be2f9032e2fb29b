// Cache mounts for people who are not root: members of the group netmeter look, and remove with Docker's rights alone.
import { statSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { CacheDocument, CachesDocument } from '../../../src/protocol/documents.js';
import { GROUP, MEMBER, rootsNetmeter, withGroup } from '../bad-days/roots-netmeter.js';
import { assertRefused, asUser, STRANGER } from '../bad-days/scene.js';
import { build, engine, labSuite } from '../harness/index.js';
import { engineRecords, removeCachesWith } from './engine-view.js';

const test = labSuite('cache mounts and rights');

test(
  'members list, show and find them, and remove them with rights on the Docker socket',
  120_000,
  async (cleanup) => {
    const word = `rights-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
    cleanup.defer(() => removeCachesWith(word));
    const { as } = await rootsNetmeter(cleanup, {}, withGroup(cleanup));
    await build({
      engine: '28',
      flags: ['--output', 'type=cacheonly'],
      dockerfile: `FROM nm-busybox\nRUN --mount=type=cache,id=${word},target=/c : ${word}; echo 12345 > /c/f\n`,
    });
    const member = asUser(MEMBER, [GROUP]);
    const listed = await as(member, ['cache', 'ls', '--json']);
    assert.is(listed.exitCode, 0, listed.stderr);
    const { caches } = JSON.parse(listed.stdout) as CachesDocument;
    const cache = caches.find(({ id }) => id === word);
    assert.ok(cache);
    assert.is(cache.sizeBytes, 6);
    const shown = await as(member, ['cache', 'show', word, '--json']);
    assert.equal((JSON.parse(shown.stdout) as { cache: CacheDocument }).cache.recordId, cache.recordId);
    const path = await as(member, ['cache', 'path', word]);
    assert.is(path.stdout, `${cache.path}\n`);
    assert.ok(statSync(`${cache.path}/f`).isFile());

    const socket = engine('28').dockerHost.replace('unix://', '');
    assertRefused(await as(member, ['cache', 'rm', word, '--json']), {
      code: 'permission-denied',
      exit: 4,
      message: new RegExp(`no permission to talk to ${socket}`),
      hint: /sudo/,
    });
    assertRefused(await as(member, ['cache', 'export', word, '--to', '/tmp/', '--json']), {
      code: 'permission-denied',
      exit: 4,
      message: new RegExp(`${cache.path}`),
      hint: /sudo/,
    });
    assertRefused(await as(asUser(STRANGER), ['cache', 'ls', '--json']), {
      code: 'permission-denied',
      exit: 4,
      message: /may not use the daemon's socket/,
      hint: /usermod -aG netmeter/,
    });
    assert.ok(
      (await engineRecords()).some(({ ID }) => ID === cache.recordId),
      'it is still there',
    );

    const removed = await as(asUser(MEMBER, [GROUP, statSync(socket).gid]), ['cache', 'rm', word]);
    assert.is(removed.exitCode, 0, removed.stderr);
    assert.not.ok((await engineRecords()).some(({ ID }) => ID === cache.recordId));
  },
);

test.run();
