import { chmodSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { logLines } from '../../../cli/client/read-log.js';
import { stopDaemon } from '../../../cli/launch/stop-daemon.js';
import type { NetmeterError } from '../../../src/errors.js';
import { placeIn } from '../../daemon/lifecycle/daemon-process.js';
import { type Sandbox, sandbox } from '../launch/background.js';

let box: Sandbox;

test.before.each(() => {
  box = sandbox();
});

test.after.each(() => box.close());

async function lines(follow: boolean, until: (line: string) => boolean = () => false): Promise<string[]> {
  const aborter = new AbortController();
  const seen: string[] = [];
  for await (const line of logLines([box.place], { lines: 2, follow, signal: aborter.signal })) {
    seen.push(line.slice(31));
    if (until(line)) aborter.abort();
  }
  return seen;
}

test('the last lines, of a running and of a stopped daemon', async () => {
  await box.start('meter');
  assert.equal(await lines(false), [
    `meters, tier exact, listens on ${box.place.socket}`,
    'only a test (test)',
  ]);
  await stopDaemon([box.place]);
  assert.is((await lines(false)).at(-1), 'stopped');
});

test('what is written meanwhile is followed', async () => {
  await box.start('meter');
  const followed = lines(true, (line) => line.endsWith('stopped'));
  await stopDaemon([box.place]);
  assert.is((await followed).at(-1), 'stopped');
});

test('no daemon and no log', async () => {
  box.place = placeIn(`${box.dir}/none`);
  const error = await lines(false).catch((caught: NetmeterError) => caught);
  assert.is((error as NetmeterError).code, 'daemon-not-running');
  chmodSync(box.dir, 0o755);
});

test.run();
