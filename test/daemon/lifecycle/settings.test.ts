import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { daemonArguments } from '../../../cli/launch/daemon-arguments.js';
import { clientFiles, mayGiveTo, netmeterGroup } from '../../../daemon/lifecycle/client-group.js';
import { parseSettings } from '../../../daemon/lifecycle/settings.js';
import type { NetmeterError } from '../../../src/errors.js';
import { temporaryDir } from '../server/harness.js';
import { placeIn } from './daemon-process.js';

test('what the command line writes, the daemon reads', () => {
  const place = placeIn('/a b');
  const env = { SUDO_UID: '1000', SUDO_GID: '100' };
  const args = daemonArguments(
    { place, link: 'wlan0,usb0', tickMs: 500, dockerHost: 'unix:///d.sock', tier: 'header' },
    env,
    0,
  );
  const settings = parseSettings([...args, '--report-fd', '3']);
  assert.equal(settings, {
    ...settings,
    stateDir: '/a b',
    socket: '/a b/netmeter.sock',
    foreground: false,
    reportFd: 3,
    invokingUser: { uid: 1000, gid: 100 },
    links: ['wlan0', 'usb0'],
    tickMs: 500,
    dockerHost: 'unix:///d.sock',
    tier: 'header',
    verbose: false,
  });
});

test('only sudo names somebody, and never root', () => {
  const place = placeIn('/s');
  const has = (env: Record<string, string>, uid: number): boolean =>
    daemonArguments({ place }, env, uid).includes('--invoking-user');
  assert.equal(
    [
      has({ SUDO_UID: '1000', SUDO_GID: '1000' }, 0),
      has({ SUDO_UID: '1000', SUDO_GID: '1000' }, 1000),
      has({ SUDO_UID: '0', SUDO_GID: '0' }, 0),
      has({ SUDO_UID: 'x', SUDO_GID: '1' }, 0),
      has({}, 0),
    ],
    [true, false, false, false, false],
  );
});

for (const args of [
  ['--tick-ms', '1e3'],
  ['--report-fd', '1'],
  ['--invoking-user', 'me'],
  ['--unknown'],
  ['extra'],
]) {
  test(`${args.join(' ')} is wrong usage`, () => {
    assert.throws(
      () => parseSettings(args),
      (error: NetmeterError) => error.code === 'usage',
    );
  });
}

test('the group, else the user it was started for, else root alone', () => {
  const user = { uid: 1000, gid: 100 };
  assert.equal(clientFiles(0, user, 77), {
    access: { userUid: undefined, groupGid: 77 },
    gid: 77,
    socketMode: 0o660,
    logMode: 0o640,
  });
  assert.equal(clientFiles(0, user, undefined), {
    access: { userUid: 1000, groupGid: undefined },
    gid: 100,
    socketMode: 0o660,
    logMode: 0o600,
  });
  assert.equal(clientFiles(1000, user, 77), {
    access: { userUid: undefined, groupGid: undefined },
    gid: undefined,
    socketMode: 0o600,
    logMode: 0o600,
  });
});

test('the group is found by its whole name', () => {
  const dir = temporaryDir();
  const file = `${dir}/group`;
  writeFileSync(file, 'root:x:0:\nxnetmeter:x:1:\nnetmeter2:x:2:\nnetmeter:x:994:a,b\n');
  assert.is(netmeterGroup(file), 994);
  writeFileSync(file, 'root:x:0:\n');
  assert.is(netmeterGroup(file), undefined);
  rmSync(dir, { recursive: true });
});

test('a file can be given to an own group, and to any with the capability', () => {
  const none = 'Name:\tx\nCapEff:\t0000000000000002\n';
  assert.is(mayGiveTo(5, [4, 5], none), true);
  assert.is(mayGiveTo(6, [4, 5], none), false);
  assert.is(mayGiveTo(6, [], 'CapEff:\t000001ffffffffff\n'), true);
});

test.run();
