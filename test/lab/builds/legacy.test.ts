// Engine 20.10 keeps no history of builds: its executor's directory shows what runs, and in which cgroup.
import * as assert from 'uvu/assert';
import type { BuildShowDocument, BuildsDocument } from '../../../src/protocol/documents.js';
import { received } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import { build, bytesPath, eventually, lab, labSuite, originPath, startNetmeter } from '../harness/index.js';

const test = labSuite('builds on Engine 20.10', ['20']);
const MB = 1_000_000;

test('RUN steps have their command and their bytes', 180_000, async (cleanup) => {
  const [first, second] = [bytesPath(20 * MB, 'legacy'), bytesPath(3 * MB, 'legacy')];
  const netmeter = await startNetmeter(cleanup, { engine: '20' });
  await build({
    engine: '20',
    flags: ['--no-cache'],
    dockerfile: `
      FROM nm-busybox
      RUN wget -q -O /dev/null ${lab().origin}${first}
      RUN --mount=type=cache,target=/cache wget -q -O /cache/x ${lab().origin}${second}`,
    env: { DOCKER_BUILDKIT: '1' },
  });
  const shown = await eventually('the build to be listed', 30_000, async () => {
    const { builds } = await netmeter.json<BuildsDocument>(['builds']);
    const ref = builds.find((candidate) => candidate.status !== 'running')?.ref;
    if (ref === undefined) return undefined;
    const document = await netmeter.json<BuildShowDocument>(['build', 'show', ref]);
    return document.steps.length >= 2 ? document : undefined;
  });
  for (const path of [first, second]) {
    const step = shown.steps.find((candidate) => candidate.name.includes(path));
    if (step === undefined) throw new Error(`no step fetched ${path}: ${JSON.stringify(shown.steps)}`);
    assertWithin(received(step), receivedOverTcp(await originPath(path)), 1e-3, step.name);
  }
  const mounted = shown.steps.find((step) => step.cacheMounts.length > 0);
  assert.is(mounted?.cacheMounts[0]?.target, '/cache');
});

test.run();
