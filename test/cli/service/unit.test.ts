import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroup2Mount } from '../../../cli/service/cgroup2-mount.js';
import { serviceClients } from '../../../cli/service/client-group.js';
import { installService, removeService } from '../../../cli/service/install.js';
import { UNIT_NAME, unitText } from '../../../cli/service/unit.js';
import type { NetmeterError } from '../../../src/errors.js';
import { temporaryDir } from '../../daemon/server/harness.js';

let dir = '';

test.before.each(() => {
  dir = temporaryDir();
});

test.after.each(() => rmSync(dir, { recursive: true, force: true }));

const settings = {
  command: [process.execPath, '/x/main.js', '--foreground'],
  clientGroup: 'root',
  cgroupRoot: '/sys/fs/cgroup',
  writable: [],
};

/** What systemd says of a unit, empty when it is content. */
function verify(text: string): string {
  const path = `${dir}/${UNIT_NAME}`;
  writeFileSync(path, text);
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--recursive-errors=no', path], {
    encoding: 'utf8',
  });
  return status === 0 ? `${stdout}${stderr}` : `exit ${status}: ${stdout}${stderr}`;
}

test('systemd takes the unit as it is', () => {
  assert.is(verify(unitText(settings)), '');
  assert.is(
    verify(unitText({ ...settings, clientGroup: undefined, writable: ['/srv/net meter', '/run/x'] })),
    '',
  );
});

test('systemd would have noticed mistakes', () => {
  const text = unitText(settings);
  assert.match(verify(text.replace('ProtectHome=', 'ProtectHomes=')), 'ProtectHomes');
  assert.match(verify(text.replace(process.execPath, '/no/such/node')), '/no/such/node');
  assert.match(verify(text.replace('@system-service', '@system-servant')), '@system-servant');
});

test('a command line arrives word by word, whatever is in it', () => {
  const words = [
    '/opt/a b/node',
    'plain-1.2=x',
    '100%',
    '$HOME',
    '"quoted"',
    'back\\slash',
    'new\nline',
    "it's",
    'a;b',
    '',
  ];
  const unit = unitText({ ...settings, command: ['/bin/echo', ...words] });
  const line = unit.split('\n').find((text) => text.startsWith('ExecStart=')) ?? '';
  assert.is(
    line,
    'ExecStart=/bin/echo "/opt/a b/node" plain-1.2=x 100%% $$HOME "\\"quoted\\"" "back\\\\slash" "new\\nline" "it\'s" "a;b" ""',
  );
  assert.is(verify(unit), '');
});

test('a temporary directory of its own, unless the program lies in the real one', () => {
  const privateTmp = (main: string) =>
    unitText({ ...settings, command: [process.execPath, main] }).includes('PrivateTmp=yes');
  assert.is(privateTmp('/usr/lib/netmeter/main.js'), true);
  assert.is(privateTmp('/tmp/netmeter/main.js'), false);
  assert.is(privateTmp('/var/tmp/netmeter/main.js'), false);
});

test('cgroup2 is found where it is mounted, also on hybrid hosts', () => {
  const hybrid =
    '33 32 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n' +
    '40 30 0:37 / /sys/fs/cgroup/uni\\040fied rw,relatime shared:7 - cgroup2 cgroup2 rw\n' +
    '85 61 0:37 / /elsewhere rw,relatime - cgroup2 cgroup2 rw\n';
  assert.is(cgroup2Mount(hybrid), '/sys/fs/cgroup/uni fied');
  assert.is(cgroup2Mount(hybrid.split('\n')[0] ?? ''), undefined);
});

test('clients are the group, else who installs it', () => {
  const env = { SUDO_UID: '1000', SUDO_GID: '100' };
  assert.equal(serviceClients('root:x:0:\nnetmeter:x:990:\n', env), { clientGroup: 'netmeter', args: [] });
  assert.equal(serviceClients('root:x:0:\n', env), {
    clientGroup: '100',
    args: ['--invoking-user', '1000:100'],
  });
  assert.equal(serviceClients('root:x:0:\nmynetmeter:x:1:\n', {}), { clientGroup: undefined, args: [] });
});

test('install writes the unit, remove removes it, and no systemd is asked that does not run', async () => {
  const location = { unitDir: `${dir}/units`, managerDir: `${dir}/none` };
  mkdirSync(location.unitDir);
  const path = `${location.unitDir}/${UNIT_NAME}`;
  assert.equal(await installService('first', location), { path, managed: false });
  assert.equal(await installService('second', location), { path, managed: false });
  assert.is(readFileSync(path, 'utf8'), 'second');
  assert.equal(readdirSync(location.unitDir), [UNIT_NAME]);
  assert.equal(await removeService(location), { path, managed: false });
  assert.is(existsSync(path), false);
  const again = await removeService(location).catch((error: NetmeterError) => error.code);
  assert.is(again, 'not-found');
});

test('a directory that is not there or not ours', async () => {
  const missing = await installService('x', { unitDir: `${dir}/no`, managerDir: dir }).catch(
    (error) => error.code,
  );
  assert.is(missing, 'not-found');
  const args = ['--reuid', '54321', '--regid', '54321', '--clear-groups', process.execPath];
  const main = new URL('../../../cli/main.ts', import.meta.url).pathname;
  const node = [
    '--import',
    import.meta.resolve('tsx'),
    main,
    'service',
    'install',
    '--unit-dir',
    dir,
    '--json',
  ];
  const { status, stdout } = spawnSync('setpriv', [...args, ...node], { encoding: 'utf8', cwd: '/' });
  assert.is(JSON.parse(stdout).error.code, 'permission-denied');
  assert.is(status, 4);
});

test('the command writes a unit that systemd takes', () => {
  const main = new URL('../../../cli/main.ts', import.meta.url).pathname;
  const args = ['--import', import.meta.resolve('tsx'), main, 'service', 'install'];
  const printed = execFileSync(process.execPath, [...args, '--print'], { encoding: 'utf8' });
  assert.is(verify(printed), '');
  execFileSync(process.execPath, [...args, '--unit-dir', dir]);
  assert.is(readFileSync(`${dir}/${UNIT_NAME}`, 'utf8'), printed);
});

test.run();
