// netmeter notify against a real server, a real session bus with a desktop's notifications, and real commands.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Handlers } from '../../../daemon/server/answerer.js';
import type { WarningDocument } from '../../../src/protocol/documents.js';
import { until } from '../../daemon/observe/docker/until.js';
import { MockBus } from '../../daemon/observe/metered/mock-bus.js';
import { type Setup, startServer } from '../../daemon/server/harness.js';
import { STATUS } from '../commands/documents.js';
import { type Ended, runCommand, startCommand } from '../process/command.js';

const test = suite('notify');
const WARNING: WarningDocument = {
  code: 'budget-used',
  message: 'Annas <b>Hotspot</b>; $(reboot): 80 % of the budget is used',
  at: '2026-11-24T09:00:00.000Z',
  seen: false,
};
let setup: Setup;
let warnings: WarningDocument[];
let seen: unknown[];

const always: Handlers = {
  subscribe: (_, { subscribe }) => {
    subscribe?.();
    return {};
  },
};
const handlers: Handlers = {
  status: () => ({ ...STATUS, warnings }),
  'warnings-seen': (params) => {
    seen.push(params);
    return {};
  },
};

test.before.each(async () => {
  warnings = [WARNING, { ...WARNING, message: 'seen already', seen: true }];
  seen = [];
  setup = await startServer(always, handlers);
});

test.after.each(() => setup.close());

const env = (more: Record<string, string> = {}) => ({
  NETMETER_STATE_DIR: setup.dir,
  DBUS_SESSION_BUS_ADDRESS: '',
  XDG_RUNTIME_DIR: '/nonexistent',
  ...more,
});

test('a command of the user gets the message as one argument, without a shell, and it counts as seen', async () => {
  const script = 'printf "%s|" "$@" "$NETMETER_WARNING_CODE"';
  const args = ['notify', '--once', '--', 'sh', '-c', script, 'sh', 'mine'];
  const { stdout, code } = await runCommand(args, env());
  assert.is(code, 0);
  assert.is(stdout, `mine|${WARNING.message}|budget-used|`);
  assert.equal(seen, [{ until: Date.parse(WARNING.at) }]);
});

test('a command that fails is told of, and the warning stays unseen', async () => {
  const { stderr, code } = await runCommand(['notify', '--once', '--', 'false'], env());
  assert.is(code, 0);
  assert.match(stderr, /a warning could not be shown: "false" ended with 1/);
  assert.equal(seen, []);
});

test('neither bus nor notify-send: it says so', async () => {
  const { stderr, code } = await runCommand(['notify', '--once'], env({ PATH: '/nonexistent' }));
  assert.is(code, 1);
  assert.match(stderr, /notifier-missing/);
});

test('on a desktop: as a notification on the session bus, markup escaped', async () => {
  const bus = new MockBus();
  try {
    await bus.start();
    await bus.add('notification_daemon', 'org.freedesktop.Notifications', 'session');
    const { code, stderr } = await runCommand(
      ['notify', '--once'],
      env({ DBUS_SESSION_BUS_ADDRESS: bus.address }),
    );
    assert.is(code, 0, stderr);
    const path = '/org/freedesktop/Notifications';
    const calls = bus.mock('org.freedesktop.Notifications', path, 'GetMethodCalls', 'string:Notify');
    assert.match(calls, /string "netmeter"/);
    assert.match(calls, /Annas &lt;b&gt;Hotspot&lt;\/b&gt;; \$\(reboot\): 80 % of the budget is used/);
    assert.is(calls.match(/Hotspot/g)?.length, 1);
    assert.is(seen.length, 1);
  } finally {
    await bus.close();
  }
});

test('warnings that come while it runs are shown as they come, each once', async () => {
  warnings = [];
  const running = startCommand(['notify', '--', 'printf', '%s\\n'], env());
  let ended: Ended | undefined;
  void running.ended.then((end) => {
    ended = end;
  });
  await until(() => setup.server.hasSubscribers);
  const { code, message, at } = WARNING;
  for (const text of [message, message, 'another']) {
    setup.server.publish({ event: 'warning', warning: { code, message: text, at } });
  }
  await until(() => seen.length === 2);
  running.child.kill('SIGTERM');
  await until(() => ended !== undefined);
  assert.is(ended?.stdout, `${message}\nanother\n`);
  assert.is(ended?.code, 0);
});

test.run();
