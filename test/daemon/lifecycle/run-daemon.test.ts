import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { askDaemon } from '../../../cli/client/ask-daemon.js';
import { mount, unmount } from '../../../daemon/sys/file-systems.js';
import { temporaryDir } from '../server/harness.js';
import { type DaemonOptions, type DaemonProcess, logOf, startDaemon } from './daemon-process.js';

let dir = '';
const daemons: DaemonProcess[] = [];

test.before.each(() => {
  dir = temporaryDir();
});

test.after.each(async () => {
  for (const { child, exited } of daemons.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  rmSync(dir, { recursive: true, force: true });
});

function start(options: DaemonOptions = {}, stateDir = dir): DaemonProcess {
  const daemon = startDaemon(stateDir, options);
  daemons.push(daemon);
  return daemon;
}

async function startReady(options: DaemonOptions = {}): Promise<DaemonProcess> {
  const daemon = start(options);
  await daemon.says('listens on');
  return daemon;
}

test('parts start in order, stop in reverse, and nothing but log and state is left', async () => {
  const trace = `${dir}.trace`;
  const daemon = await startReady({ parts: 'store,meter,builds', trace });
  assert.is(readFileSync(daemon.place.pidFile, 'utf8'), `${daemon.child.pid}\n`);
  assert.is(statSync(daemon.place.socket).isSocket(), true);
  daemon.child.kill('SIGTERM');
  assert.equal(await daemon.exited, { code: 0, signal: null });
  const order = ['start store', 'start meter', 'start builds', 'stop builds', 'stop meter', 'stop store', ''];
  assert.is(readFileSync(trace, 'utf8'), order.join('\n'));
  assert.equal(readdirSync(dir), ['netmeter.log']);
  rmSync(trace);
});

test('a stop that was asked for is answered when the parts are stopped, with what went wrong', async () => {
  const daemon = await startReady({ parts: 'meter,fails-to-stop,never-stops,builds' });
  const { result } = await askDaemon([daemon.place], 'stop', {});
  assert.equal(result, {
    pid: daemon.child.pid,
    problems: [
      { part: 'never-stops', message: 'took longer than 100 ms' },
      { part: 'fails-to-stop', message: 'a link is still attached' },
    ],
  });
  assert.equal(await daemon.exited, { code: 1, signal: null });
});

test('a second signal ends it at once', async () => {
  const daemon = await startReady({ parts: 'stops-in-an-hour' });
  daemon.child.kill('SIGINT');
  await daemon.says('stopping: SIGINT');
  daemon.child.kill('SIGTERM');
  assert.equal(await daemon.exited, { code: 143, signal: null });
  assert.match(daemon.stderr(), 'told to stop twice');
});

for (const [parts, words] of [
  ['throws-later', 'nobody expected this'],
  ['rejects-later', 'nobody awaited this'],
] as const) {
  test(`an error nobody caught ends it in order, with a failure (${parts})`, async () => {
    const trace = `${dir}.trace`;
    const daemon = await startReady({ parts, trace });
    daemon.child.kill('SIGUSR2');
    assert.equal(await daemon.exited, { code: 1, signal: null });
    assert.match(logOf(daemon.place), words);
    assert.match(readFileSync(trace, 'utf8'), `stop ${parts}`);
    assert.is(existsSync(daemon.place.pidFile), false);
    rmSync(trace);
  });
}

test('only one daemon has a state directory; it is free again when its daemon is killed', async () => {
  const first = await startReady();
  const second = start();
  assert.is((await second.exited).code, 1);
  assert.match(
    second.stderr(),
    `netmeter runs already (pid ${first.child.pid}) with the state directory ${dir}`,
  );
  await askDaemon([first.place], 'builds', {});
  first.child.kill('SIGKILL');
  await first.exited;
  assert.is(existsSync(first.place.socket) && existsSync(first.place.pidFile), true);
  const third = await startReady();
  assert.is(readFileSync(third.place.pidFile, 'utf8'), `${third.child.pid}\n`);
  await askDaemon([third.place], 'builds', {});
});

test('two daemons with one socket: the second leaves it alone', async () => {
  const first = await startReady();
  const second = start({ args: ['--socket', first.place.socket] }, `${dir}/other`);
  assert.is((await second.exited).code, 1);
  assert.match(second.stderr(), 'another process listens on');
  await askDaemon([first.place], 'builds', {});
});

test('a part that cannot start: the others are stopped, and the code tells', async () => {
  const trace = `${dir}.trace`;
  const daemon = start({ parts: 'store,refuses-to-start,builds', trace });
  assert.is((await daemon.exited).code, 1);
  assert.match(daemon.stderr(), '/sys/fs/bpf is not mounted');
  const order = ['start store', 'start refuses-to-start', 'stop refuses-to-start', 'stop store', ''];
  assert.is(readFileSync(trace, 'utf8'), order.join('\n'));
  assert.equal(readdirSync(dir), ['netmeter.log']);
  rmSync(trace);
});

test('it can be stopped while it starts', async () => {
  const daemon = start({ parts: 'never-starts', args: ['--verbose'] });
  await daemon.says('socket started');
  const { result } = await askDaemon([daemon.place], 'stop', {});
  assert.equal(result.problems, []);
  assert.is((await daemon.exited).code, 1);
});

test('SIGHUP opens the log anew', async () => {
  const daemon = await startReady();
  renameSync(daemon.place.logFile, `${dir}/moved.log`);
  daemon.child.kill('SIGHUP');
  await daemon.says('opened anew');
  assert.match(logOf(daemon.place), 'opened anew');
  assert.not.match(readFileSync(`${dir}/moved.log`, 'utf8'), 'opened anew');
});

for (const [name, prepare, code, words] of [
  ['read-only', (path: string) => mount('tmpfs', path, 'tmpfs', 1), 1, 'read-only file system'],
  ['full', (path: string) => mount('tmpfs', path, 'tmpfs', 0, 'size=64k'), 1, 'has no room left'],
] as const) {
  test(`a state directory that is ${name}`, async () => {
    const at = `${dir}/state`;
    mkdirSync(at);
    prepare(at);
    try {
      const daemon = start({}, at);
      assert.is((await daemon.exited).code, code);
      assert.match(daemon.stderr(), words);
      assert.equal(readdirSync(at), []);
    } finally {
      unmount(at);
    }
  });
}

test('a state directory that is a file, and one that is not ours', async () => {
  writeFileSync(`${dir}/file`, '');
  const file = start({}, `${dir}/file`);
  assert.is((await file.exited).code, 1);
  assert.match(file.stderr(), 'is no directory');
  const wrapper = ['setpriv', '--reuid', '54321', '--regid', '54321', '--clear-groups'];
  const stranger = start({ wrapper }, `${dir}/new`);
  assert.is((await stranger.exited).code, 4);
  assert.match(stranger.stderr(), 'may not be written');
});

test('wrong options are told as wrong usage', async () => {
  const daemon = start({ args: ['--tick-ms', '5'] });
  assert.is((await daemon.exited).code, 2);
  assert.match(daemon.stderr(), '--tick-ms takes a whole number from 100 to 60000, not "5"');
});

test('its files are private, and those of the user it was started for passable', async () => {
  const stateDir = `${dir}/state`;
  const daemon = start({ args: ['--invoking-user', '54321:54321'] }, stateDir);
  await daemon.says('listens on');
  const modes = (path: string): unknown => {
    const { mode, uid, gid } = statSync(path);
    return [(mode & 0o777).toString(8), uid, gid];
  };
  assert.equal(modes(stateDir), ['710', 0, 54_321]);
  assert.equal(modes(daemon.place.socket), ['660', 0, 54_321]);
  assert.equal(modes(daemon.place.logFile), ['600', 0, 0]);
});

test('it holds no directory, and its children no hand of its service manager', async () => {
  const daemon = await startReady({ env: { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '1', MARKER: 'here' } });
  assert.is(readlinkSync(`/proc/${daemon.child.pid}/cwd`), '/');
  daemon.child.kill('SIGUSR1');
  await daemon.says('that was all');
  assert.match(daemon.stderr(), 'MARKER=here');
  assert.not.match(daemon.stderr(), 'NOTIFY_SOCKET');
  assert.not.match(daemon.stderr(), 'WATCHDOG_USEC');
});

test.run();
