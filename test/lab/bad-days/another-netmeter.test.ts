// Another netmeter runs, ran and was killed, or was of another version.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { labSuite, Netmeter, startNetmeter } from '../harness/index.js';
import { assertRefused, Downloader, openDirectory, started, startUnder, status } from './scene.js';

const test = labSuite('bad days: another netmeter');
const PINS = '/sys/fs/bpf/netmeter';

test('started twice with one state directory, it says so and that is fine', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const pid = await netmeter.pid();
  assert.equal(await started(startUnder(netmeter)), { schema: 1, started: false, pid });
  assert.match((await netmeter.start()).stdout, `runs already (pid ${pid})`);
  assert.is(await netmeter.pid(), pid);
});

test('of many that start at once, one runs', 60_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  const starts = await Promise.all([1, 2, 3].map(() => started(startUnder(netmeter))));
  assert.is(starts.filter((start) => start.started).length, 1);
  const pid = await netmeter.pid();
  assert.ok(starts.every((start) => start.pid === pid));
});

test('started with another state directory, it is refused and changes nothing', 60_000, async (cleanup) => {
  const first = await startNetmeter(cleanup);
  const host = new Downloader(cleanup);
  await host.download();
  assertRefused(await startUnder(new Netmeter(cleanup)), {
    code: 'daemon-already-running',
    exit: 1,
    message: new RegExp(`another netmeter counts in ${PINS}`),
    hint: /netmeter stop/,
  });
  await host.download();
  await host.assertCounted(first);
});

test('one that was killed leaves nothing in the way, and loses nothing', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const { startedAt } = await status(netmeter);
  const host = new Downloader(cleanup);
  await host.download();
  await netmeter.kill9();
  assert.ok(existsSync(join(netmeter.stateDir, 'socket')), 'no stale socket to speak of');
  assert.ok(existsSync(join(netmeter.stateDir, 'netmeter.pid')), 'no stale pid file to speak of');
  await host.download();
  assert.is((await started(startUnder(netmeter))).started, true);
  await host.download();
  await host.assertCounted(netmeter, startedAt!);
  await netmeter.stop();
  assert.not(existsSync(join(netmeter.stateDir, 'socket')));
  assert.not(existsSync(join(netmeter.stateDir, 'netmeter.pid')));
  assert.not(existsSync(PINS));
});

test('a pid file of a process that is no netmeter is not believed', 60_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  writeFileSync(join(netmeter.stateDir, 'netmeter.pid'), `${process.pid}\n`);
  assert.is((await started(startUnder(netmeter))).started, true);
});

test(
  "another's netmeter takes over what a killed one left, and counts only its own time",
  60_000,
  async (cleanup) => {
    const first = await startNetmeter(cleanup);
    const { startedAt } = await status(first);
    const [early, late] = [new Downloader(cleanup), new Downloader(cleanup)];
    await early.download();
    await early.assertCounted(first);
    await first.kill9();
    const second = await startNetmeter(cleanup);
    await late.download();
    await late.assertCounted(second);
    assert.is((await status(second)).owners.filter(({ name }) => name === early.name).length, 0);
    await second.stop();
    await first.start();
    await early.assertCounted(first, startedAt!);
  },
);

test('a socket that another program answers on is left to it', 60_000, async (cleanup) => {
  const path = join(openDirectory(cleanup), 'socket');
  const server = createServer((socket) => socket.on('error', () => {}).end());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  cleanup.defer(() => server.close());
  assertRefused(await startUnder(new Netmeter(cleanup, { env: { NETMETER_SOCKET: path } })), {
    code: 'daemon-already-running',
    exit: 1,
    message: new RegExp(`another process listens on ${path}`),
    hint: /--socket/,
  });
  assert.ok(server.listening);
});

test('a file where the socket belongs is not removed', 60_000, async (cleanup) => {
  const path = join(openDirectory(cleanup), 'socket');
  writeFileSync(path, 'mine');
  assertRefused(await startUnder(new Netmeter(cleanup, { env: { NETMETER_SOCKET: path } })), {
    code: 'usage',
    exit: 2,
    message: new RegExp(`${path} is there already and is no socket`),
    hint: /--socket/,
  });
  assert.is(readFileSync(path, 'utf8'), 'mine');
});

test('a path that is too long for a socket is refused by whoever uses it', 60_000, async (cleanup) => {
  const path = join(openDirectory(cleanup), 'x'.repeat(100));
  const netmeter = new Netmeter(cleanup, { env: { NETMETER_SOCKET: path } });
  const refusal = {
    code: 'socket-path-too-long',
    exit: 1,
    message: new RegExp(`has \\d+ bytes, and a Unix socket's at most 107: ${path}`),
    hint: /--socket/,
  };
  assertRefused(await startUnder(netmeter), refusal);
  assertRefused(await netmeter.run(['status', '--json'], { anyExit: true }), refusal);
});

/** Gives what is pinned another version's or layout's name, as if that had made it. */
function renameCounters(rename: (name: string) => string): void {
  const [name = '', ...others] = readdirSync(PINS).filter((entry) => /^\d+-/.test(entry));
  assert.is(others.length, 0);
  renameSync(join(PINS, name), join(PINS, rename(name)));
}

test('what an older version counted while no daemon ran is not lost', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const { startedAt } = await status(netmeter);
  const host = new Downloader(cleanup);
  await host.download();
  await status(netmeter);
  await netmeter.kill9();
  await host.download();
  renameCounters((name) => name.replace(/-[^-]+-/, '-anotherversion-'));
  const start = await started(startUnder(netmeter));
  assert.equal(start.warnings, []);
  await host.download();
  await host.assertCounted(netmeter, startedAt!);
  assert.is(readdirSync(PINS).filter((entry) => entry.includes('anotherversion')).length, 0);
  // A second start finds nothing of it any more.
  await netmeter.kill9();
  await host.download();
  await netmeter.start();
  await host.assertCounted(netmeter, startedAt!);
});

test('counters of a later version are left alone, with a warning', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  await netmeter.kill9();
  let kept = '';
  renameCounters((name) => {
    kept = name.replace(/^\d+/, '999');
    return kept;
  });
  cleanup.defer(async () => {
    // As its own version would find it, to be removed.
    await netmeter.run(['stop'], { anyExit: true });
    renameCounters((name) => name.replace(/^999-[^-]+/, '1-gone'));
    await netmeter.start();
    await netmeter.stop();
  });
  const host = new Downloader(cleanup);
  const { warnings } = await started(startUnder(netmeter));
  assert.is(warnings[0]?.code, 'newer-counters');
  assert.match(warnings[0]!.message, join(PINS, kept));
  await host.download();
  await host.assertCounted(netmeter);
  await netmeter.stop();
  assert.equal(readdirSync(PINS), [kept]);
});

test.run();
