// Several platforms in one build: each has its steps, its bytes and its savings, and what they share is there once. The
// programs in the images are amd64's, whatever the platform is called: nothing here runs foreign code.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import type { BuildShowDocument, StepDocument } from '../../../src/protocol/documents.js';
import { finishedBuild } from '../exactness/documents.js';
import { assertWithin } from '../exactness/expectations.js';
import { bytesPath, lab, labSuite, run, startNetmeter } from '../harness/index.js';
import { type ContainerdEngine, startContainerdEngine } from '../observe/containerd-engine.js';
import { assertSaved, freshTag, MB, moved } from './scene.js';
import { assertBalances, sentFor } from './truth.js';

const test = labSuite('several platforms');
const BOTH = ['linux/amd64', 'linux/arm64'];

test('steps of each, and what both need once', 240_000, async (cleanup) => {
  // The engine's other image store refuses to build for several.
  const engine = await startContainerdEngine(cleanup);
  const netmeter = await startNetmeter(cleanup, { env: { DOCKER_HOST: engine.dockerHost } });
  const added = bytesPath(2 * MB, 'added');
  const own = { amd64: bytesPath(3 * MB, 'amd64'), arm64: bytesPath(1.5 * MB, 'arm64') };
  const dockerfile = `FROM ${lab().registry}/busybox:1
ADD ${lab().origin}${added} /added
ARG TARGETARCH
RUN case $TARGETARCH in amd64) path=${own.amd64};; *) path=${own.arm64};; esac; wget -q -O /data ${lab().origin}$path
`;
  const look = async (platforms: readonly string[]): Promise<BuildShowDocument> => {
    const tag = freshTag('platforms');
    await buildFor(engine, dockerfile, platforms, tag);
    return finishedBuild(netmeter, tag);
  };

  const cold = await look(BOTH);
  assert.equal([...cold.build.platforms].sort(), BOTH);
  for (const [platform, path] of [
    ['linux/amd64', own.amd64],
    ['linux/arm64', own.arm64],
  ] as const) {
    const step = runOf(cold, platform);
    assertWithin(moved(step), await sentFor([path]), 1e-2, platform);
    assert.is(step.coldBasis, 'measured');
    assert.equal(step.savings, []);
  }
  const adds = cold.steps.filter(({ kind }) => kind === 'add');
  const fetched = adds.reduce((sum, step) => sum + moved(step), 0);
  assertWithin(fetched, await sentFor([added]), 2e-2, 'what both add');
  assertBalances(cold);

  const again = await look(BOTH);
  assertSaved(runOf(again, 'linux/amd64'), 'layer-cache', await sentFor([own.amd64]));
  assertSaved(runOf(again, 'linux/arm64'), 'layer-cache', await sentFor([own.arm64]));
  assertBalances(again);

  const one = await look(['linux/arm64']);
  const runs = one.steps.filter(({ kind }) => kind === 'run');
  assert.is(runs.length, 1);
  assertSaved(runs[0]!, 'layer-cache', await sentFor([own.arm64]));
});

function runOf(shown: BuildShowDocument, platform: string): StepDocument {
  const found = shown.steps.filter((step) => step.kind === 'run' && step.platform === platform);
  const names = shown.steps.map(({ name, platform: of }) => `${of}: ${name}`).join('\n');
  assert.is(found.length, 1, `${platform} among\n${names}`);
  return found[0]!;
}

async function buildFor(
  { client, rootDir }: ContainerdEngine,
  dockerfile: string,
  platforms: readonly string[],
  tag: string,
): Promise<void> {
  const context = join(dirname(rootDir), tag);
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  const flags = ['--network=host', '--platform', platforms.join(), '-t', tag];
  await run(client, ['build', '--progress=plain', ...flags, context], { timeoutMs: 120_000 });
}

test.run();
