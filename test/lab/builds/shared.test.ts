// Builds that meet: a step that two builds share, an image that docker pull fetched, a build seen from the middle.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { BuildsDocument, StatusOwner } from '../../../src/protocol/documents.js';
import { finishedBuild, received, status, stepNamed } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  build,
  bytesPath,
  docker,
  eventually,
  lab,
  labSuite,
  originPath,
  pushRandomImage,
  startNetmeter,
  uplinkCounters,
} from '../harness/index.js';

const test = labSuite('builds that meet');
const MB = 1_000_000;

test('a step that two builds share belongs to the one that ran it', 180_000, async (cleanup) => {
  const path = `/slow/${24 * MB}/shared-${process.pid}-${Date.now()}?rate=${2 * MB}`;
  const [first, second] = [`shared-a-${process.pid}`, `shared-b-${process.pid}`];
  const netmeter = await startNetmeter(cleanup);
  const start = (tag: string) =>
    build({
      engine: '28',
      flags: ['-t', tag],
      dockerfile: `FROM nm-busybox\nRUN wget -q -O /dev/null "${lab().origin}${path}"\nRUN echo ${tag}\n`,
    });
  const before = uplinkCounters().rxBytes;
  const running = start(first);
  await eventually('the download to have begun', 30_000, () => {
    return uplinkCounters().rxBytes - before > MB ? true : undefined;
  });
  await Promise.all([running, start(second)]);
  const a = await finishedBuild(netmeter, first);
  const b = await finishedBuild(netmeter, second);
  const ran = stepNamed(a, 'RUN wget');
  const shared = stepNamed(b, 'RUN wget');
  const count = await originPath(path.split('?')[0] ?? '');
  assert.is(count.requests, 1, 'BuildKit ran the step once');
  assertWithin(received(ran), receivedOverTcp(count), 1e-2, 'the build that ran it');
  assert.is(shared.status, 'shared');
  assert.is(shared.sharedWith, a.build.ref);
  assert.is(shared.attribution, 'shared');
  assert.equal(shared.wan, { rxBytes: 0, txBytes: 0 });
});

test('docker pull and docker push have their bytes', 120_000, async (cleanup) => {
  const image = await pushRandomImage('pulled', [9 * MB, 4 * MB]);
  const copy = `${image.reference}-copy`;
  cleanup.defer(() => docker('28', ['rmi', '-f', image.reference, copy], { anyExit: true }));
  const netmeter = await startNetmeter(cleanup);
  await docker('28', ['pull', image.reference]);
  const blobs = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  const pull = await eventually('the pull to have its bytes', 15_000, async () => {
    const { owners } = await status(netmeter);
    return owners.find((owner) => owner.kind === 'pull' && owner.wan.rxBytes > blobs);
  });
  assert.ok(pull.name.includes(image.reference), pull.name);
  assert.ok(pull.wan.rxBytes < blobs * 1.05, `${pull.wan.rxBytes} bytes for blobs of ${blobs}`);
  const { owners } = await status(netmeter);
  const rest = owners.find((owner: StatusOwner) => owner.kind === 'engine');
  assert.ok((rest?.wan.rxBytes ?? 0) < blobs * 0.01, 'nothing of it is left with the engine');
});

test('a build that was under way when netmeter started is listed whole', 120_000, async (cleanup) => {
  const tag = `middle-${process.pid}`;
  const early = bytesPath(2 * MB, 'early');
  const late = `/slow/${6 * MB}/late-${process.pid}-${Date.now()}?rate=${2 * MB}`;
  const building = build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    dockerfile: `FROM nm-busybox
      RUN wget -q -O /dev/null ${lab().origin}${early}
      RUN sleep 8
      RUN wget -q -O /dev/null "${lab().origin}${late}"`,
  });
  await eventually('the first step to be over', 60_000, async () => {
    return (await originPath(early)).socketSent > 2 * MB ? true : undefined;
  });
  await sleep(500);
  const netmeter = await startNetmeter(cleanup);
  const { builds } = await netmeter.json<BuildsDocument>(['builds']);
  assert.ok(builds.some((candidate) => candidate.status === 'running'));
  await building;
  const shown = await finishedBuild(netmeter, tag, 'none');
  const before = stepNamed(shown, early);
  assert.equal(before.wan, { rxBytes: null, txBytes: null }, 'what nobody counted is unknown, not 0');
  assert.is(before.attribution, 'unattributed');
  const counted = stepNamed(shown, `late-${process.pid}`);
  assertWithin(received(counted), receivedOverTcp(await originPath(late.split('?')[0] ?? '')), 1e-2, 'late');
  assert.is(shown.build.wan.rxBytes, null, 'a sum with an unknown part is unknown');
});

test.run();
