// netmeter run on an engine without a history: what docker build prints is passed on untouched, and told.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Build } from '../../../src/builds/types.js';
import type { RunEndResult } from '../../../src/protocol/messages.js';
import { until } from '../../daemon/observe/docker/until.js';
import { type Setup, startServer } from '../../daemon/server/harness.js';
import { runCommand, startCommand, startProgram, words } from './command.js';

const NOTHING = { rxBytes: 0, txBytes: 0 };
const begun = { runId: 'r1', cgroupPath: '/r1', startedAt: '2026-11-24T08:59:00.000Z' };
const USED: RunEndResult = {
  runId: 'r1',
  startedAt: begun.startedAt,
  durationMs: 1,
  remainingProcesses: 0,
  wan: NOTHING,
  lan: NOTHING,
  proxy: NOTHING,
  tier: 'exact',
  remotes: [],
  build: null,
  warnings: [],
};
const LOG = '#4 [1/2] FROM x\n#4 CACHED\n\n#5 [2/2] RUN one\n#5 0.1 out\\tput\\r\n#5 ERROR: exit code: 3\n';
let dir = '';
let setup: Setup;
let told: (Build | undefined)[] = [];
let ends = 0;

function server(wantsProgress: boolean): Promise<Setup> {
  return startServer(
    {},
    {
      'run-begin': () => ({ ...begun, wantsProgress }),
      'run-progress': ({ build }) => {
        told.push(build);
        return {};
      },
      'run-end': () => {
        ends += 1;
        return USED;
      },
    },
  );
}

/** A docker of which only what it prints is of interest. */
function docker(script: string): string {
  const path = join(dir, 'docker');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test.before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nm-t-'));
  setup = await server(true);
});

test.before.each(() => {
  told = [];
  ends = 0;
});

test.after(async () => {
  await setup.close();
  rmSync(dir, { recursive: true, force: true });
});

const SUMMARY = /netmeter: \S+ took .*\n$/;
const withoutSummary = (stderr: string) => stderr.replace(SUMMARY, '');

test('the build is told while it runs and at its end, and named by its command line', async () => {
  const path = docker(`printf '${LOG.slice(0, 45)}' >&2; read line; printf '${LOG.slice(45)}' >&2; exit 3`);
  const running = startCommand(['run', '--', path, 'build', '-t', 'shop', '-f', `${dir}/D`, dir], {
    NETMETER_STATE_DIR: setup.dir,
  });
  await until(() => told.some((build) => build?.steps.length === 2));
  assert.is(told[0], undefined, 'it is announced first');
  assert.is(told.at(-1)!.status, 'running');
  running.child.stdin.end('\n');
  const { code, stderr } = await running.ended;
  assert.is(code, 3);
  assert.is(withoutSummary(stderr), LOG.replace('\\t', '\t').replace('\\r', '\r'));
  const last = told.at(-1)!;
  assert.equal([last.status, last.name, last.context, last.dockerfile], ['failed', 'shop', dir, 'D']);
  assert.equal(
    last.steps.map(({ number, status }) => [number, status]),
    [
      [1, 'cached'],
      [2, 'failed'],
    ],
  );
});

test('many bytes arrive whole and in order at a reader that takes its time', async () => {
  const path = docker(
    `printf '#4 [1/1] RUN x\\n' >&2; head -c 3000000 /dev/urandom | tee ${dir}/copy >&2; cat ${dir}/copy | sha256sum`,
  );
  const [file, ...args] = words(['run', '--', path, 'build', '.']);
  const script = '"$@" 2>&1 >&3 | (sleep 0.5; head -c 3000015 | tail -c 3000000 | sha256sum; cat >/dev/null)';
  const running = startProgram(['bash', '-c', `exec 3>&1; ${script}`, 'bash', file, ...args], {
    NETMETER_STATE_DIR: setup.dir,
  });
  running.child.stdin.end();
  const { stdout } = await running.ended;
  const sums = stdout.trim().split('\n');
  assert.is(sums.length, 2);
  assert.is(sums[0], sums[1]);
});

test('a daemon that goes away, and one that knows nothing of this, change nothing', async () => {
  const leaving = await server(true);
  const path = docker(`printf '${LOG}' >&2; echo ready; read line; printf '#5 after\\n' >&2; exit 6`);
  const running = startCommand(['run', '--', path, 'build', '.'], { NETMETER_STATE_DIR: leaving.dir });
  await until(() => running.stdout().includes('ready') && ends > 0);
  await leaving.close();
  running.child.stdin.end('\n');
  const { code, stderr } = await running.ended;
  assert.is(code, 6);
  assert.match(stderr, '#5 ERROR: exit code: 3\n#5 after\n');
  assert.match(stderr, /what the command used is not known: .*\(daemon-not-running\)/);

  const modern = await server(false);
  told = [];
  try {
    const ended = await runCommand(['run', '--', path, 'build', '.'], { NETMETER_STATE_DIR: modern.dir });
    assert.is(ended.code, 6);
    assert.equal(told, []);
  } finally {
    await modern.close();
  }
});

test('other commands, quiet builds and builds on a terminal keep the stderr that they were given', async () => {
  const script = 'readlink /proc/$$/fd/2; readlink /proc/$PPID/fd/2';
  const path = docker(`readlink /proc/$$/fd/2; readlink /proc/$PPID/fd/2`);
  const env = { NETMETER_STATE_DIR: setup.dir };
  for (const argv of [
    ['sh', '-c', script],
    [path, 'version'],
    [path, 'build', '-q', '.'],
  ]) {
    const { stdout } = await runCommand(['run', '--', ...argv], env);
    const [own, parents] = stdout.trim().split('\n');
    assert.is(own, parents, argv.join(' '));
  }
  const isPassedOn = async (more: string[]) => {
    const [file, ...args] = words(['run', '--', path, 'build', ...more, '.']);
    const script = 'script -qec "$(printf "%q " "$@")" /dev/null';
    const running = startProgram(['bash', '-c', script, 'bash', file, ...args], env);
    running.child.stdin.end();
    const [own, parents] = (await running.ended).stdout.trim().split(/\r?\n/);
    return own !== parents;
  };
  assert.is(await isPassedOn([]), false);
  assert.is(await isPassedOn(['--progress=plain']), true);
});

test.run();
