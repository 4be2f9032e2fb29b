// A real poetry project: what its cache mount saved, against the wheels that the index did not send.
import * as assert from 'uvu/assert';
import type { StepDocument } from '../../../src/protocol/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import { type Cleanup, labSuite, type Netmeter, type PathCount, startNetmeter } from '../harness/index.js';
import { dockerfile, lockFile, project } from './poetry.js';
import { PYTHON, sentBelow, since } from './registries.js';
import { assertSaved, buildAndLook, freshTag, MB, moved, saving } from './scene.js';

const test = labSuite('a poetry project');

interface Installed {
  step: StepDocument;
  /** What the index sent meanwhile. */
  sent: PathCount;
}

async function install(
  netmeter: Netmeter,
  cleanup: Cleanup,
  dependencies: readonly string[],
  mount: string,
  tag: string,
): Promise<Installed> {
  const pyproject = project(dependencies);
  const files = { 'pyproject.toml': pyproject, 'poetry.lock': await lockFile(pyproject) };
  const before = await sentBelow(PYTHON);
  const shown = await buildAndLook(netmeter, cleanup, {
    dockerfile: dockerfile(mount),
    tag,
    args: { TAG: tag },
    files,
  });
  const step = shown.steps.find(({ name }) => name.includes('poetry install'));
  assert.ok(step);
  return { step, sent: since(before, await sentBelow(PYTHON)) };
}

/** What the wheels of these sizes take on the wire, by what the index sent for all of them. */
function wire(sent: PathCount): number {
  return receivedOverTcp(sent);
}

test('cold, unchanged, with one dependency more, and with one less', 240_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const tag = freshTag('poetry');
  const mount = `--mount=type=cache,id=${tag},target=/root/.cache/pypoetry `;

  const cold = await install(netmeter, cleanup, ['nm-beta'], mount, tag);
  assert.ok(cold.sent.bodySent > 6 * MB && cold.sent.bodySent < 6.1 * MB, `${cold.sent.bodySent} bytes sent`);
  assertWithin(moved(cold.step), wire(cold.sent), 1e-2, 'cold');
  assert.is(cold.step.coldBasis, 'measured');
  assert.equal(cold.step.savings, []);

  const unchanged = await install(netmeter, cleanup, ['nm-beta'], mount, tag);
  assert.is(unchanged.sent.requests, 0);
  assert.is(unchanged.step.status, 'cached');
  assertSaved(unchanged.step, 'layer-cache', wire(cold.sent));

  const more = await install(netmeter, cleanup, ['nm-beta', 'nm-gamma'], mount, tag);
  assert.ok(more.sent.bodySent > 3 * MB && more.sent.bodySent < 3.1 * MB, `${more.sent.bodySent} bytes sent`);
  assertWithin(moved(more.step), wire(more.sent), 1e-2, 'one dependency more');
  // What was not downloaded: the wheels of the cold run, not the difference of the two runs.
  assertSaved(more.step, 'cache-mount', wire(cold.sent));
  assert.ok((saving(more.step, 'cache-mount')?.bytes ?? 0) > 5.5 * MB, 'not old cold minus new');

  const less = await install(netmeter, cleanup, ['nm-gamma'], mount, tag);
  assert.ok(less.sent.bodySent < 0.1 * MB, `${less.sent.bodySent} bytes sent`);
  assertSaved(less.step, 'cache-mount', wire(more.sent));
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
      assertWithin(moved(step), wire(sent), 1e-2, 'cold');
      assert.equal(step.savings, []);
    }
  },
);

test.run();
