// The lower tiers, forced: labelled, and as far off as they say.
import * as assert from 'uvu/assert';
import type { StatusOwner } from '../../../src/protocol/documents.js';
import { status } from '../exactness/documents.js';
import { receivedOverTcp } from '../exactness/expectations.js';
import {
  bytesPath,
  docker,
  eventually,
  lab,
  labSuite,
  originPath,
  removeContainers,
  startNetmeter,
} from '../harness/index.js';

const test = labSuite('lower tiers');
const SIZE = 20_000_000;

for (const tier of ['header', 'polled'] as const) {
  test(`${tier}: a container's download, some headers short`, 120_000, async (cleanup) => {
    const name = `tier-${tier}-${process.pid}`;
    const path = bytesPath(SIZE, tier);
    cleanup.defer(() => removeContainers('28', name));
    const netmeter = await startNetmeter(cleanup, { startArgs: ['--tier', tier] });
    const script = `sleep 2; wget -q -O /dev/null ${lab().origin}${path}; sleep 600`;
    await docker('28', ['run', '-d', '--name', name, 'nm-busybox', 'sh', '-c', script]);
    const owner = await eventually('its bytes to be counted', 30_000, async () => {
      const { owners } = await status(netmeter);
      return owners.find((candidate: StatusOwner) => candidate.name === name && candidate.wan.rxBytes > SIZE);
    });
    assert.is(owner.tier, tier);
    const expected = receivedOverTcp(await originPath(path));
    assert.ok(owner.wan.rxBytes < expected * 1.001, `${owner.wan.rxBytes} is more than ${expected}`);
    assert.ok(owner.wan.rxBytes > expected * 0.95, `${owner.wan.rxBytes} is too far below ${expected}`);
    const { tiers } = await status(netmeter);
    assert.is(tiers.meter, tier);
  });
}

test.run();
