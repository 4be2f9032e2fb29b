import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NetmeterError } from '../../../src/errors.js';
import { checkSocketPath, type PathInputs, resolvePlaces } from '../../../src/protocol/paths.js';

const user: PathInputs = { env: { HOME: '/home/a' }, uid: 1000, cwd: '/home/a/src' };

function where(inputs: Partial<PathInputs>): [string, string][] {
  return resolvePlaces({ ...user, ...inputs }).map(({ stateDir, socket }) => [stateDir, socket]);
}

test('root has the system directories, whatever its home says', () => {
  assert.equal(where({ uid: 0 }), [['/var/lib/netmeter', '/run/netmeter/netmeter.sock']]);
});

test("an ordinary user has directories of their own, then looks for the system's daemon", () => {
  const system = ['/var/lib/netmeter', '/run/netmeter/netmeter.sock'];
  const xdg = { XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/run/user/1000' };
  assert.equal(where({ env: xdg }), [['/s/netmeter', '/run/user/1000/netmeter/netmeter.sock'], system]);
  const dir = '/home/a/.local/state/netmeter';
  assert.equal(where({}), [[dir, `${dir}/netmeter.sock`], system]);
});

test('an explicit path is the only place, flags before environment', () => {
  assert.equal(where({ stateDir: '/x/' }), [['/x', '/x/netmeter.sock']]);
  assert.equal(where({ uid: 0, stateDir: 'rel' }), [['/home/a/src/rel', '/home/a/src/rel/netmeter.sock']]);
  const env = { NETMETER_STATE_DIR: '/e', NETMETER_SOCKET: 'e.sock', HOME: '/home/a' };
  assert.equal(where({ env }), [['/e', '/home/a/src/e.sock']]);
  assert.equal(where({ env, stateDir: '/f', socket: '/f.sock' }), [['/f', '/f.sock']]);
  assert.equal(where({ socket: '/s.sock' }), [['/home/a/.local/state/netmeter', '/s.sock']]);
});

test('empty and relative variables count as unset', () => {
  const env = {
    NETMETER_STATE_DIR: '',
    NETMETER_SOCKET: '',
    XDG_STATE_HOME: 'rel',
    XDG_RUNTIME_DIR: 'rel',
    HOME: '/h',
  };
  assert.is(where({ env })[0]?.[1], '/h/.local/state/netmeter/netmeter.sock');
});

test('without any directory it says which option to use', () => {
  assert.throws(
    () => resolvePlaces({ env: {}, uid: 1000, cwd: '/' }),
    (error: NetmeterError) => error.code === 'usage',
  );
});

test('the root directory stays one', () => {
  assert.equal(where({ stateDir: '/' }), [['/', '//netmeter.sock']]);
});

test('a socket path is measured in bytes, as the kernel does', () => {
  checkSocketPath(`/${'a'.repeat(106)}`);
  assert.throws(
    () => checkSocketPath(`/${'ä'.repeat(54)}`),
    (error: NetmeterError) => error.code === 'socket-path-too-long' && error.message.includes('109'),
  );
});

test.run();
