// Where honest figures are hard to have: caches that were warm already, failures, caches with several users.
import * as assert from 'uvu/assert';
import { receivedOverTcp } from '../exactness/expectations.js';
import { build, bytesPath, docker, lab, labSuite, originPath, startNetmeter } from '../harness/index.js';
import { assertSaved, buildAndLook, cachingStep, freshTag, MB } from './scene.js';

const test = labSuite('awkward caches');

/** Puts a file of the origin into the cache, unless it is there. */
const fetchInto = (path: string): string => {
  const file = `/c/${path.split('/').at(-1)}`;
  return `{ [ -e ${file} ] || wget -q -O ${file} ${lab().origin}${path}; }`;
};
const run = (id: string, command: string): string =>
  `FROM nm-busybox\nARG ROUND\nRUN --mount=type=cache,id=${id},target=/c ${command}\n`;
const wire = async (path: string): Promise<number> => receivedOverTcp(await originPath(path));

test(
  'a cache that was warm before netmeter was installed: unknown, and counted as such',
  120_000,
  async (cleanup) => {
    const id = freshTag('warm');
    const path = bytesPath(2 * MB, 'warm');
    const dockerfile = run(id, fetchInto(path));
    cleanup.defer(() => docker('28', ['rmi', '-f', id], { anyExit: true }));
    await build({ engine: '28', dockerfile, flags: ['-t', id], args: { ROUND: '1' } });
    const netmeter = await startNetmeter(cleanup);
    const shown = await buildAndLook(netmeter, cleanup, {
      dockerfile,
      tag: freshTag('warm'),
      args: { ROUND: '2' },
    });
    const step = cachingStep(shown, path);
    assert.is((await originPath(path)).requests, 1);
    assert.is(step.cacheMounts[0]?.emptyAtStart, false);
    assert.is(step.savings, null);
    assert.is(step.coldBytes, null);
    assert.is(step.coldBasis, 'unknown');
    assert.ok((shown.build.saved?.unknownSteps ?? 1) > 0);
  },
);

test('--no-cache in between: what is saved is what that build put there', 120_000, async (cleanup) => {
  const [common, other] = [bytesPath(2 * MB, 'common'), bytesPath(1 * MB, 'other')];
  const id = freshTag('between');
  const both = run(id, `${fetchInto(common)} && ${fetchInto(other)}`);
  const netmeter = await startNetmeter(cleanup);
  const built = (dockerfile: string, round: string, flags: string[] = []) => {
    const args = { ROUND: round };
    return buildAndLook(netmeter, cleanup, { dockerfile, tag: freshTag('between'), args, flags });
  };
  await built(both, '1');
  const alone = run(id, fetchInto(common));
  assert.equal(cachingStep(await built(alone, '2', ['--no-cache']), common).savings, []);
  const third = cachingStep(await built(both, '3'), other);
  assert.is((await originPath(common)).requests, 2);
  assert.is((await originPath(other)).requests, 2, 'it was in the cache that was replaced');
  assertSaved(third, 'cache-mount', (await wire(common)) / 2);
});

test('one cache of two projects: the second one saves what the first one left', 120_000, async (cleanup) => {
  const [common, own] = [bytesPath(2 * MB, 'common'), bytesPath(1 * MB, 'own')];
  const id = freshTag('shared');
  const netmeter = await startNetmeter(cleanup);
  const first = cachingStep(
    await buildAndLook(netmeter, cleanup, { dockerfile: run(id, fetchInto(common)), tag: freshTag('one') }),
    common,
  );
  assert.equal(first.savings, []);
  const second = cachingStep(
    await buildAndLook(netmeter, cleanup, {
      dockerfile: run(id, `${fetchInto(common)} && ${fetchInto(own)}`),
      tag: freshTag('two'),
    }),
    own,
  );
  assert.is((await originPath(common)).requests, 1);
  assert.is(second.coldBasis, 'estimated', 'what of the cache it would have needed is not known');
  assertSaved(second, 'cache-mount', await wire(common));
});

test(
  'a Dockerfile that does not parse: a failed build, and nothing used or saved',
  60_000,
  async (cleanup) => {
    const netmeter = await startNetmeter(cleanup);
    const dockerfile = 'FROM nm-busybox\nMAKE all\n';
    const shown = await buildAndLook(netmeter, cleanup, { dockerfile, tag: freshTag('broken'), fails: true });
    assert.is(shown.build.status, 'failed');
    assert.equal(shown.build.wan, { rxBytes: 0, txBytes: 0 });
    assert.is(shown.build.saved?.bytes, 0);
    assert.is(shown.build.saved?.unknownSteps, 0);
    assert.equal(
      shown.steps.filter(({ kind }) => kind !== 'internal'),
      [],
    );
  },
);

test.run();
