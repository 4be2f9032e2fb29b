// A real npm project and a real registry: what the cache mount saved, against what the uplink carried.
import * as assert from 'uvu/assert';
import type { StepDocument } from '../../../src/protocol/documents.js';
import { assertWithin } from '../exactness/expectations.js';
import {
  type Cleanup,
  difference,
  lab,
  labSuite,
  type Netmeter,
  startNetmeter,
  uplinkCounters,
  withoutEthernet,
} from '../harness/index.js';
import { assertSaved, buildAndLook, freshTag, MB, moved } from './scene.js';

const test = labSuite('an npm project');

interface Installed {
  step: StepDocument;
  /** Received and sent over the uplink meanwhile, all of it npm's. */
  crossed: number;
}

async function install(
  netmeter: Netmeter,
  cleanup: Cleanup,
  dependencies: readonly string[],
  mount: string,
  tag: string,
): Promise<Installed> {
  const before = uplinkCounters();
  const shown = await buildAndLook(netmeter, cleanup, {
    tag,
    // Keeps an earlier run of this test out of the layer cache, where ids of cache mounts do not count.
    args: { TAG: tag },
    files: {
      'package.json': JSON.stringify({
        dependencies: Object.fromEntries(dependencies.map((name) => [name, '1.0.0'])),
      }),
    },
    dockerfile: `FROM nm-trixie
ARG TAG
WORKDIR /shop
COPY package.json ./
RUN ${mount}npm install --registry ${lab().npmRegistry} --no-audit --no-fund --no-update-notifier
`,
  });
  const wire = withoutEthernet(difference(uplinkCounters(), before));
  const step = shown.steps.find(({ name }) => name.includes('npm install'));
  assert.ok(step);
  return { step, crossed: wire.rxBytes + wire.txBytes };
}

test('cold, with one dependency more, and without a cache mount', 240_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const tag = freshTag('npm');
  const mount = `--mount=type=cache,id=${tag},target=/root/.npm `;

  const cold = await install(netmeter, cleanup, ['nm-beta'], mount, tag);
  assert.ok(cold.crossed > 6 * MB, `${cold.crossed} bytes crossed the uplink`);
  assertWithin(moved(cold.step), cold.crossed, 1e-2, 'cold');
  assert.is(cold.step.coldBasis, 'measured');

  const more = await install(netmeter, cleanup, ['nm-beta', 'nm-gamma'], mount, tag);
  assert.ok(more.crossed > 3 * MB && more.crossed < 3.5 * MB, `${more.crossed} bytes crossed the uplink`);
  assertWithin(moved(more.step), more.crossed, 1e-2, 'one dependency more');
  assertSaved(more.step, 'cache-mount', cold.crossed);

  const unchanged = await install(netmeter, cleanup, ['nm-beta', 'nm-gamma'], mount, tag);
  assert.is(unchanged.step.status, 'cached');
  assertSaved(unchanged.step, 'layer-cache', cold.crossed + more.crossed);

  const less = await install(netmeter, cleanup, ['nm-gamma'], mount, tag);
  assert.ok(less.crossed < MB / 10, `${less.crossed} bytes crossed the uplink`);
  assertSaved(less.step, 'cache-mount', more.crossed);

  const bare = await install(netmeter, cleanup, ['nm-beta', 'nm-gamma'], '', tag);
  assertWithin(moved(bare.step), bare.crossed, 1e-2, 'without a cache mount');
  assert.equal(bare.step.savings, []);
  assertWithin(bare.crossed, cold.crossed + more.crossed, 1e-2, 'what a cold run fetches');
});

test('all dependencies changed: the cache is of no use, and the range says so', 120_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const tag = freshTag('npm');
  const mount = `--mount=type=cache,id=${tag},target=/root/.npm `;
  await install(netmeter, cleanup, ['nm-alpha'], mount, tag);
  const changed = await install(netmeter, cleanup, ['nm-gamma'], mount, tag);
  assert.ok(changed.crossed > 3 * MB, `${changed.crossed} bytes crossed the uplink`);
  assertWithin(moved(changed.step), changed.crossed, 1e-2, 'all changed');
  assert.is(changed.step.coldBasis, 'derived');
  assertSaved(changed.step, 'cache-mount', 0);
});

test.run();
