// Who may meter, who may ask, and what they are told when they may not.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { type Cleanup, engine, labSuite, Netmeter } from '../harness/index.js';
import { GROUP, MEMBER, rootsNetmeter, withGroup } from './roots-netmeter.js';
import {
  assertRefused,
  asUser,
  type Refusal,
  STRANGER,
  sourceNamed,
  started,
  startUnder,
  status,
} from './scene.js';

const test = labSuite('bad days: permissions');

/** A netmeter whose state directory belongs to somebody who is nobody here. */
function strangersNetmeter(cleanup: Cleanup, startArgs: readonly string[] = []): Netmeter {
  const netmeter = new Netmeter(cleanup, { startArgs });
  chownSync(netmeter.stateDir, STRANGER, STRANGER);
  return netmeter;
}

test(
  'who may neither count nor ask Docker is told what is missing and what to type',
  30_000,
  async (cleanup) => {
    const netmeter = strangersNetmeter(cleanup);
    const socket = engine('28').dockerHost.replace('unix://', '');
    assertRefused(await startUnder(netmeter, asUser(STRANGER)), {
      code: 'permission-denied',
      exit: 4,
      message: new RegExp(
        `does not let this process load BPF programs, and there is no permission to talk to ${socket}`,
      ),
      hint: /sudo netmeter start\n.*usermod -aG \S+ \$USER/,
    });
  },
);

test('a tier that is asked for and not allowed is refused', 30_000, async (cleanup) => {
  const refusals: [tier: string, message: RegExp][] = [
    ['exact', /load BPF programs/],
    ['header', /namespaces of containers may not be looked into/],
  ];
  for (const [tier, message] of refusals) {
    const netmeter = strangersNetmeter(cleanup, ['--tier', tier]);
    const refusal = { code: 'permission-denied', exit: 4, message, hint: /sudo/ };
    assertRefused(await startUnder(netmeter, asUser(STRANGER)), refusal);
  }
});

test('who may ask Docker polls it, and netmeter run says what it needs', 60_000, async (cleanup) => {
  const netmeter = strangersNetmeter(cleanup);
  const socket = readGroup(engine('28').dockerHost.replace('unix://', ''));
  const start = await started(startUnder(netmeter, asUser(STRANGER, [socket])));
  assert.is(start.tiers.meter, 'polled');
  const meter = sourceNamed(start.sources, 'meter');
  assert.is(meter.code, 'permission-denied');
  assert.match(meter.better!, 'sudo');
  const refused = await netmeter.run(['run', '--json', '--', 'true'], { anyExit: true });
  assertRefused(refused, {
    code: 'permission-denied',
    exit: 4,
    message: /does not count by cgroup: the kernel does not let this process load BPF programs/,
    hint: /sudo/,
  });
});

/** The group of a file, by stat(1): what the code under test reads for itself. */
function readGroup(path: string): number {
  const { stdout } = spawnSync('stat', ['-c', '%g', path], { encoding: 'utf8' });
  return Number(stdout);
}

test('a state directory of somebody else is refused', 30_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  assertRefused(await startUnder(netmeter, asUser(STRANGER)), {
    code: 'permission-denied',
    exit: 4,
    message: new RegExp(`state directory ${netmeter.stateDir} may not be written`),
    hint: /sudo.*--state-dir/,
  });
});

const COMMANDS = ['status', 'builds', 'build show', 'report', 'top', 'stop', 'logs', 'run'];

test("nobody may ask root's daemon but root", 60_000, async (cleanup) => {
  const { netmeter, as } = await rootsNetmeter(cleanup, {});
  const refusal: Refusal = {
    code: 'permission-denied',
    exit: 4,
    message: /may not use the daemon's socket .*\/socket$/,
    hint: /usermod -aG netmeter/,
  };
  for (const command of COMMANDS) {
    const operands = command === 'run' ? ['--', 'true'] : command === 'build show' ? ['x'] : [];
    assertRefused(await as(asUser(STRANGER), [...command.split(' '), '--json', ...operands]), refusal);
  }
  assert.is((await status(netmeter)).running, true);
});

test('the group netmeter may ask, and an open socket lets in nobody else', 60_000, async (cleanup) => {
  const { netmeter, as, socket } = await rootsNetmeter(cleanup, {}, withGroup(cleanup));
  const pid = await netmeter.pid();
  for (const member of [asUser(MEMBER, [GROUP]), asUser(GROUP)]) {
    const answer = await as(member, ['status', '--json']);
    assert.is(JSON.parse(answer.stdout).pid, pid, answer.stderr);
  }
  assert.is((await as(asUser(STRANGER), ['status'])).exitCode, 4);
  chmodSync(socket, 0o666);
  assertRefused(await as(asUser(STRANGER), ['status', '--json']), {
    code: 'permission-denied',
    exit: 4,
    message: new RegExp(`user ${STRANGER} may not use this daemon`),
    hint: /usermod -aG netmeter/,
  });
});

test('who started it through sudo may ask', 60_000, async (cleanup) => {
  const { as } = await rootsNetmeter(cleanup, { SUDO_UID: String(MEMBER), SUDO_GID: String(MEMBER) });
  assert.is((await as(asUser(MEMBER), ['status'])).exitCode, 0);
  assert.is((await as(asUser(STRANGER), ['status'])).exitCode, 4);
});

test.run();
