// Images that were local: what a pull would have fetched, against what the pull of it did.
import * as assert from 'uvu/assert';
import { stepNamed } from '../exactness/documents.js';
import {
  difference,
  docker,
  labSuite,
  pushRandomImage,
  startNetmeter,
  uplinkCounters,
  withoutEthernet,
} from '../harness/index.js';
import { assertSaved, buildAndLook, freshTag, MB, moved, saving } from './scene.js';

const test = labSuite('local images');
const LAYERS = [5 * MB, 3 * MB];

function crossedSince(before: ReturnType<typeof uplinkCounters>): number {
  const wire = withoutEthernet(difference(uplinkCounters(), before));
  return wire.rxBytes + wire.txBytes;
}

test('an image that docker pull had fetched before netmeter was installed', 120_000, async (cleanup) => {
  const image = await pushRandomImage('local', LAYERS);
  cleanup.defer(() => docker('28', ['rmi', '-f', image.reference], { anyExit: true }));
  const before = uplinkCounters();
  await docker('28', ['pull', '-q', image.reference]);
  const pulled = crossedSince(before);
  const netmeter = await startNetmeter(cleanup);
  const dockerfile = `FROM ${image.reference}\nCOPY Dockerfile /\n`;
  const shown = await buildAndLook(netmeter, cleanup, { dockerfile, tag: freshTag('local') });
  const step = stepNamed(shown, 'FROM');
  assert.is(step.coldBasis, 'derived');
  assertSaved(step, 'local-image', pulled);
  const content = [...image.layers.map(({ size }) => size), image.configBytes, image.manifestBytes];
  // Packets of the pull's connection, as it is closed, may be taken for the step's own.
  assert.is(
    (saving(step, 'local-image')?.lowBytes ?? 0) + moved(step),
    content.reduce((sum, size) => sum + size, 0),
    'by the manifest',
  );
});

test.run();
