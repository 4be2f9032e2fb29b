import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { askDaemon } from '../../../cli/client/ask-daemon.js';
import { lockHolder } from '../../../cli/client/lock-holder.js';
import { waitUntilGone, watchProcess } from '../../../cli/launch/process-watch.js';
import type { NetmeterError } from '../../../src/errors.js';
import { logOf } from '../../daemon/lifecycle/daemon-process.js';
import { type Sandbox, sandbox } from './background.js';

let box: Sandbox;

test.before.each(() => {
  box = sandbox();
});

test.after.each(() => box.close());

function failure(attempt: Promise<unknown>): Promise<NetmeterError> {
  return attempt.then(
    () => {
      throw new Error('it started');
    },
    (error: NetmeterError) => error,
  );
}

/** Unix sockets without a path that a process has open, such as pipes to the process that spawned it. */
function unnamedSockets(proc: string): string[] {
  const rows = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return readdirSync(`${proc}/fd`)
    .map((fd) => readlinkSync(`${proc}/fd/${fd}`))
    .filter((target) => {
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      return rows.some((row) => row.trim().split(/\s+/).slice(6).join(' ') === inode);
    });
}

test('start returns when the daemon meters, with what it says of itself', async () => {
  const outcome = await box.start('meter');
  assert.is(outcome.state, 'started');
  if (outcome.state !== 'started') return;
  assert.is(outcome.pid, lockHolder(box.place));
  assert.equal(outcome.ready.tiers, { meter: 'exact', builds: null, links: 'link' });
  assert.equal(outcome.ready.warnings, [{ code: 'test', message: 'only a test' }]);
  await askDaemon([box.place], 'builds', {});
});

test('it lives on its own: session, directory, streams', async () => {
  const outcome = await box.start('meter');
  const proc = `/proc/${outcome.pid}`;
  const stat = readFileSync(`${proc}/stat`, 'utf8').split(') ')[1]?.split(' ');
  assert.is(Number(stat?.[3]), outcome.pid, 'leads its session');
  assert.is(readlinkSync(`${proc}/cwd`), '/');
  assert.is(readlinkSync(`${proc}/fd/0`), '/dev/null');
  assert.is(readlinkSync(`${proc}/fd/1`), box.place.logFile);
  assert.is(readlinkSync(`${proc}/fd/2`), box.place.logFile);
  // It closes the report's pipe right after it has written to it.
  for (let tries = 0; tries < 500 && unnamedSockets(proc).length > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(unnamedSockets(proc), [], 'nothing is shared with who started it');
  assert.match(readFileSync(`${proc}/status`, 'utf8'), /^Umask:\s*0077$/m);
  process.kill(outcome.pid as number, 'SIGUSR1');
  while (!logOf(box.place).includes('that was all')) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.match(logOf(box.place), 'raw words');
});

test('started twice: the second one says so', async () => {
  const first = await box.start('meter');
  assert.equal(await box.start('meter'), { state: 'already-running', pid: first.pid });
});

test('two at once: one starts, one says so', async () => {
  const [first, second] = await Promise.all([box.start('meter'), box.start('meter')]);
  assert.equal([first.state, second.state].sort(), ['already-running', 'started']);
  await askDaemon([box.place], 'builds', {});
});

test('after kill -9 it starts as if nothing had been', async () => {
  const first = await box.start('meter');
  const watched = watchProcess(first.pid as number);
  process.kill(first.pid as number, 'SIGKILL');
  assert.is(await waitUntilGone(watched, 10_000), true);
  assert.is(existsSync(box.place.socket), true);
  assert.is((await box.start('meter')).state, 'started');
  await askDaemon([box.place], 'builds', {});
});

test("the daemon's own error arrives with its code and hint", async () => {
  const error = await failure(box.start('refuses-to-start'));
  assert.equal(
    [error.code, error.message, error.hint],
    ['bpffs-unavailable', '/sys/fs/bpf is not mounted', 'mount -t bpf bpf /sys/fs/bpf'],
  );
  assert.is(lockHolder(box.place), undefined);
});

test('a daemon that dies without a word', async () => {
  const error = await failure(box.start('dies-starting'));
  assert.is(error.code, 'daemon-start-failed');
  assert.match(error.message, 'exit code 7');
  assert.match(error.hint ?? '', box.place.logFile);
  const crashed = await failure(box.start('crashes-starting'));
  assert.match(crashed.message, 'killed by SIGABRT');
  assert.match(logOf(box.place), 'FATAL ERROR: out of everything');
});

test('a program that does not even load is told by its error', async () => {
  const program = { ...box.program, main: `${box.dir}/missing.js` };
  const error = await failure(box.start('meter', { program }));
  assert.is(error.code, 'daemon-start-failed');
  assert.match(error.message, 'Cannot find module');
});

test('a start that takes too long, or is interrupted, leaves no daemon', async () => {
  const late = await failure(box.start('never-starts', { timeoutMs: 500 }));
  assert.match(late.message, 'did not begin to meter within 0.5 s');
  assert.is(lockHolder(box.place), undefined);
  const aborter = new AbortController();
  const attempt = failure(box.start('never-starts', { signal: aborter.signal }));
  while (lockHolder(box.place) === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  aborter.abort();
  assert.match((await attempt).message, 'interrupted');
  assert.is(lockHolder(box.place), undefined);
});

test.run();
