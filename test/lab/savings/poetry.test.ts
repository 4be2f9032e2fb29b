// A real poetry project: what its cache mount saved, against the wheels that the index did not send.
import * as assert from 'uvu/assert';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import { type Cleanup, lab, labSuite, type Netmeter, startNetmeter } from '../harness/index.js';
import { type Installed, installProject, lockedProject } from './poetry.js';
import { assertSaved, freshTag, MB, moved, saving } from './scene.js';

const test = labSuite('a poetry project');

async function install(
  netmeter: Netmeter,
  cleanup: Cleanup,
  dependencies: readonly string[],
  mount: string,
  tag: string,
): Promise<Installed> {
  return installProject(netmeter, cleanup, await lockedProject(dependencies, lab().origin), mount, tag);
}

const mountOf = (id: string): string => `--mount=type=cache,id=${id},target=/root/.cache/pypoetry `;

test('cold, unchanged, with one dependency more, and with one less', 240_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const tag = freshTag('poetry');
  const mount = mountOf(tag);

  const cold = await install(netmeter, cleanup, ['nm-beta'], mount, tag);
  assert.ok(cold.sent.bodySent > 6 * MB && cold.sent.bodySent < 6.1 * MB, `${cold.sent.bodySent} bytes sent`);
  assertWithin(moved(cold.step), receivedOverTcp(cold.sent), 1e-2, 'cold');
  assert.is(cold.step.coldBasis, 'measured');
  assert.equal(cold.step.savings, []);

  const unchanged = await install(netmeter, cleanup, ['nm-beta'], mount, tag);
  assert.is(unchanged.sent.requests, 0);
  assert.is(unchanged.step.status, 'cached');
  assertSaved(unchanged.step, 'layer-cache', receivedOverTcp(cold.sent));

  const more = await install(netmeter, cleanup, ['nm-beta', 'nm-gamma'], mount, tag);
  assert.ok(more.sent.bodySent > 3 * MB && more.sent.bodySent < 3.1 * MB, `${more.sent.bodySent} bytes sent`);
  assertWithin(moved(more.step), receivedOverTcp(more.sent), 1e-2, 'one dependency more');
  // What was not downloaded: the wheels of the cold run, not the difference of the two runs.
  assertSaved(more.step, 'cache-mount', receivedOverTcp(cold.sent));
  assert.ok((saving(more.step, 'cache-mount')?.bytes ?? 0) > 5.5 * MB, 'not old cold minus new');

  const less = await install(netmeter, cleanup, ['nm-gamma'], mount, tag);
  assert.ok(less.sent.bodySent < 0.1 * MB, `${less.sent.bodySent} bytes sent`);
  assertSaved(less.step, 'cache-mount', receivedOverTcp(more.sent));
  assert.is(less.step.coldBasis, 'estimated', 'it needs one of the three packages in its cache');
});

test('all dependencies changed: the cache is of no use, and the range says so', 180_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const tag = freshTag('poetry');
  await install(netmeter, cleanup, ['nm-beta'], mountOf(tag), tag);
  const changed = await install(netmeter, cleanup, ['nm-gamma'], mountOf(tag), tag);
  assert.ok(changed.sent.bodySent > 3 * MB, `${changed.sent.bodySent} bytes sent: all that it needs`);
  assertWithin(moved(changed.step), receivedOverTcp(changed.sent), 1e-2, 'all changed');
  assert.is(changed.step.cacheMounts[0]?.emptyAtStart, false);
  assertSaved(changed.step, 'cache-mount', 0);
  const said = saving(changed.step, 'cache-mount');
  assert.is(said?.basis, 'estimated', 'by the names that poetry prints');
  assert.ok((said?.bytes ?? MB) < 0.01 * MB, `${said?.bytes} bytes`);
});

test(
  'without a cache mount every change downloads all of it, and nothing is saved',
  120_000,
  async (cleanup) => {
    const netmeter = await startNetmeter(cleanup);
    const tag = freshTag('poetry');
    const first = await install(netmeter, cleanup, ['nm-beta'], '', tag);
    const second = await install(netmeter, cleanup, ['nm-beta', 'nm-gamma'], '', tag);
    assert.ok(first.sent.bodySent > 6 * MB && second.sent.bodySent > 9 * MB);
    for (const { step, sent } of [first, second]) {
      assertWithin(moved(step), receivedOverTcp(sent), 1e-2, 'cold');
      assert.equal(step.savings, []);
    }
  },
);

test.run();
