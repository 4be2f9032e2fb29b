import { execFile } from 'node:child_process';
import { readdirSync, unlinkSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lockHolder } from '../../../cli/client/lock-holder.js';
import { isAlive, waitUntilGone, watchProcess } from '../../../cli/launch/process-watch.js';
import { stopDaemon } from '../../../cli/launch/stop-daemon.js';
import type { NetmeterError } from '../../../src/errors.js';
import { type Sandbox, sandbox } from './background.js';

let box: Sandbox;

test.before.each(() => {
  box = sandbox();
});

test.after.each(() => box.close());

test('stop returns when the process is gone and nothing of it is left', async () => {
  const { pid } = await box.start('store,meter');
  const watched = watchProcess(pid as number);
  assert.equal(await stopDaemon([box.place]), { pid, problems: [], leftBehind: [] });
  assert.is(isAlive(watched), false);
  assert.equal(readdirSync(box.place.stateDir), ['netmeter.log']);
});

test('what did not stop as it should is told', async () => {
  await box.start('fails-to-stop');
  const { problems } = await stopDaemon([box.place]);
  assert.equal(problems, [{ part: 'fails-to-stop', message: 'a link is still attached' }]);
});

test('nobody to stop', async () => {
  const error = await stopDaemon([box.place]).catch((caught: NetmeterError) => caught);
  assert.is((error as NetmeterError).code, 'daemon-not-running');
});

test('a daemon whose socket somebody removed is stopped by signal', async () => {
  const { pid } = await box.start('meter');
  unlinkSync(box.place.socket);
  assert.equal(await stopDaemon([box.place]), { pid, problems: [], leftBehind: [] });
  assert.is(lockHolder(box.place), undefined);
});

test('a daemon that hangs is told as stuck, with what to do', async () => {
  const { pid } = await box.start('blocks-when-stopped');
  const error = (await stopDaemon([box.place], { answerMs: 200, exitMs: 200 }).catch(
    (caught: NetmeterError) => caught,
  )) as NetmeterError;
  assert.is(error.code, 'daemon-stuck');
  assert.match(error.message, `pid ${pid}`);
  assert.match(error.hint ?? '', `kill -9 ${pid}`);
});

test('a process is told from a later one with its number, and a zombie from a living one', async () => {
  const child = execFile('sleep', ['1000']);
  const watched = watchProcess(child.pid as number);
  assert.is(isAlive(watched), true);
  assert.is(isAlive({ ...watched, startTime: '1' }), false);
  child.kill('SIGKILL');
  assert.is(await waitUntilGone(watched, 10_000), true);
});

test.run();
