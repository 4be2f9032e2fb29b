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

test.run();
