// netmeter run with real cgroups: the command is left alone, whatever happens to it.
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RunCgroups } from '../../../daemon/run-cgroup/run-cgroups.js';
import type { Handlers } from '../../../daemon/server/answerer.js';
import type { RunUsage } from '../../../src/protocol/messages.js';
import { until } from '../../daemon/observe/docker/until.js';
import { type Setup, startServer } from '../../daemon/server/harness.js';
import { type Ended, type Running, runCommand, startCommand } from './command.js';

const MOUNT =
  / \d+:\d+ \S+ (\S+) .*? - cgroup2 /.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1] ?? '';
const PARENT = `/nm-t-run-${process.pid}`;
const USED: RunUsage = {
  wan: { rxBytes: 1_000_000, txBytes: 2_000 },
  lan: { rxBytes: 0, txBytes: 0 },
  proxy: { rxBytes: 0, txBytes: 0 },
  tier: 'exact',
  remotes: [],
  build: null,
  warnings: [],
};
let setup: Setup;
let cgroups: RunCgroups;
let ids = 0;
const problems: string[] = [];

test.before(async () => {
  const handlers: Handlers = {
    'run-begin': (params, { peer }) => cgroups.begin(params, peer),
    'run-end': (params, { peer }) => cgroups.end(params, peer),
  };
  setup = await startServer({}, handlers);
  cgroups = new RunCgroups({
    cgroupRoot: MOUNT,
    parentPath: PARENT,
    procRoot: '/proc',
    runsFile: join(setup.dir, 'runs.json'),
    now: Date.now,
    newId: () => `t${++ids}`,
    usageOf: async () => USED,
    wantsProgress: () => false,
    onProblem: (message) => problems.push(message),
  });
});

test.after.each(() => assert.equal(problems.splice(0), []));

test.after(async () => {
  cgroups.stop();
  for (const name of runsLeft()) rmdirSync(`${MOUNT}${PARENT}/${name}`);
  await setup.close();
});

function runsLeft(): string[] {
  try {
    return readdirSync(MOUNT + PARENT).filter((name) => name.startsWith('run-'));
  } catch {
    return [];
  }
}

function start(...argv: string[]): Running {
  return startCommand(['run', ...argv], { NETMETER_STATE_DIR: setup.dir });
}

function run(...argv: string[]): Promise<Ended> {
  return runCommand(['run', ...argv], { NETMETER_STATE_DIR: setup.dir });
}

const SUMMARY =
  /^netmeter: (\S+) took .* and used 1\.00 MB WAN \(in 1\.00 MB, out 2\.00 kB\), 0 B LAN, 0 B from proxies\n$/;

test('exit codes are those of the command', async () => {
  for (const [script, code] of [
    ['exit 0', 0],
    ['exit 7', 7],
    ['exit 255', 255],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ] as const) {
    const ended = await run('--', 'sh', '-c', script);
    assert.is(ended.code, code, script);
    assert.match(ended.stderr, SUMMARY);
  }
});

test('its input and its outputs are the command’s own, byte by byte', async () => {
  const running = start('sh', '-c', 'cat; printf "to stderr" >&2; printf "no newline"');
  running.child.stdin.end('line one\nline two');
  const { code, stdout, stderr } = await running.ended;
  assert.is(code, 0);
  assert.is(stdout, 'line one\nline twono newline');
  assert.match(stderr, /^to stderrnetmeter: sh took /);
});

test('with --json the document is alone on standard output', async () => {
  const { code, stdout, stderr } = await run('--json', '--', 'sh', '-c', 'echo out; exit 3', 'a b');
  assert.is(code, 3);
  const document = JSON.parse(stdout);
  assert.is(document.schema, 1);
  assert.equal(document.command, ['sh', '-c', 'echo out; exit 3', 'a b']);
  assert.is(document.exitCode, 3);
  assert.is(document.signal, null);
  assert.equal(document.wan, USED.wan);
  assert.ok(document.durationMs >= 0 && Number.isInteger(document.durationMs));
  assert.is(stderr, 'out\n');
});

test('a signal that ended the command is told', async () => {
  const { code, stdout } = await run('--json', '--', 'sh', '-c', 'kill -TERM $$');
  assert.is(code, 143);
  assert.equal([JSON.parse(stdout).exitCode, JSON.parse(stdout).signal], [null, 'SIGTERM']);
});

test('the command is in a cgroup of its own, and netmeter back where it came from', async () => {
  const here = cgroupOf('self');
  const running = start('sh', '-c', 'cat /proc/self/cgroup; cat /proc/$PPID/cgroup; read line');
  await until(() => running.stdout().match(/^0::/gm)?.length === 2);
  const [command = '', netmeter = ''] = [...running.stdout().matchAll(/^0::(.*)$/gm)].map(
    ([, path]) => path!,
  );
  assert.match(command, `${PARENT}/run-t`);
  // It moves back once the command is born, which may have been quicker.
  await until(() => cgroupOf(running.child.pid!) === here);
  assert.ok(netmeter === here || netmeter === command);
  running.child.stdin.end('\n');
  assert.is((await running.ended).code, 0);
  await until(() => runsLeft().length === 0);
});

function cgroupOf(pid: number | 'self'): string {
  return /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) {
  test(`${signal} is passed to the command, which decides`, async () => {
    const trap = `trap 'echo got; exit 5' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
    const running = start('--', 'sh', '-c', trap);
    await until(() => running.stdout().includes('ready'));
    running.child.kill(signal);
    const { code, stdout, stderr } = await running.ended;
    assert.is(code, 5);
    assert.is(stdout, 'ready\ngot\n');
    assert.match(stderr, SUMMARY);
  });
}

test('a command that ignores a signal goes on, however often it comes', async () => {
  const script = "trap '' TERM INT; echo ready; read line; echo done";
  const running = start('--', 'sh', '-c', script);
  await until(() => running.stdout().includes('ready'));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) running.child.kill(signal);
  running.child.stdin.end('\n');
  const { code, stdout } = await running.ended;
  assert.is(code, 0);
  assert.is(stdout, 'ready\ndone\n');
});

test('one that leaves a process behind is over when it is over', async () => {
  const running = start('--', 'sh', '-c', 'sleep 100 >/dev/null 2>&1 & echo $!; exit 4');
  running.child.stdin.end();
  const { code, stdout, stderr } = await running.ended;
  const pid = Number(stdout);
  try {
    assert.is(code, 4);
    assert.match(stderr, SUMMARY);
    assert.match(cgroupOf(pid), `${PARENT}/run-t`);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});

test('a command that does not exist, or may not be run', async () => {
  const missing = await run('--', '/no/such/command');
  assert.is(missing.code, 1);
  assert.is(missing.stderr, 'netmeter: there is no command "/no/such/command" (command-not-found)\n');
  const refused = await run('--json', '--', '/etc/passwd');
  assert.is(refused.code, 4);
  assert.is(JSON.parse(refused.stdout).error.code, 'permission-denied');
  assert.match(refused.stderr, '"/etc/passwd" may not be executed');
  await until(() => runsLeft().length === 0);
});

test('without a daemon the command is not run', async () => {
  const env = { NETMETER_STATE_DIR: join(setup.dir, 'nothing') };
  const { code, stdout, stderr } = await runCommand(['run', '--', 'echo', 'ran'], env);
  assert.is(code, 3);
  assert.is(stdout, '');
  assert.match(stderr, 'netmeter is not running');
  assert.match(stderr, 'sudo netmeter start');
});

test('a daemon that goes away changes nothing for the command', async () => {
  const handlers: Handlers = {
    'run-begin': (params, { peer }) => cgroups.begin(params, peer),
    'run-end': (params, { peer }) => cgroups.end(params, peer),
  };
  const leaving = await startServer({}, handlers);
  const running = startCommand(['run', '--', 'sh', '-c', 'echo ready; read line; exit 6'], {
    NETMETER_STATE_DIR: leaving.dir,
  });
  await until(() => running.stdout().includes('ready'));
  await until(() => cgroupOf(running.child.pid!) === cgroupOf('self'));
  await leaving.close();
  running.child.stdin.end('\n');
  const { code, stdout, stderr } = await running.ended;
  assert.is(code, 6);
  assert.is(stdout, 'ready\n');
  assert.match(stderr, /what the command used is not known: .*\(daemon-not-running\)/);
});

test.run();
