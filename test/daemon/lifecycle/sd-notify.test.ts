import { closeSync, rmSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SdNotify } from '../../../daemon/lifecycle/sd-notify.js';
import { NativeStruct } from '../../../daemon/sys/native-struct.js';
import { syscall, trySyscall } from '../../../daemon/sys/syscall.js';
import { temporaryDir } from '../server/harness.js';
import { type DaemonProcess, startDaemon } from './daemon-process.js';

const dir = temporaryDir();
const receivers: number[] = [];

test.after(() => {
  for (const fd of receivers) closeSync(fd);
  rmSync(dir, { recursive: true, force: true });
});

/** What systemd has: a datagram socket under a name, `@…` for an abstract one. */
function listen(name: string): () => string[] {
  const path = Buffer.from(name.replace(/^@/, '\0'));
  const fd = syscall('socket', 'AF_UNIX', 1, 2 | 0x80000 | 0x800, 0);
  receivers.push(fd);
  syscall('bind', name, fd, new NativeStruct(2 + path.length).u16(0, 1).set(2, path), 2 + path.length);
  return () => {
    const messages: string[] = [];
    const memory = Buffer.alloc(4096);
    for (;;) {
      const size = trySyscall('recvfrom', fd, memory, memory.length, 0, 0, 0);
      if (size < 0) return messages;
      messages.push(memory.toString('utf8', 0, size));
    }
  };
}

const nothing = { watchdogUsec: undefined, watchdogPid: undefined, pid: 42 };

for (const name of [`${dir}/notify`, `@netmeter-test-${process.pid}`]) {
  test(`systemd hears at ${name.startsWith('@') ? 'an abstract name' : 'a path'}`, () => {
    const receive = listen(name);
    const notify = new SdNotify({ ...nothing, socket: name });
    notify.ready('meters\nexactly');
    notify.stopping();
    notify.stop();
    assert.equal(receive(), ['READY=1\nMAINPID=42\nSTATUS=meters exactly', 'STOPPING=1']);
  });
}

test('without systemd, or with one that is gone, nothing happens', () => {
  for (const socket of [undefined, '', `${dir}/gone`, 'vsock:2:9999', `/${'x'.repeat(200)}`]) {
    const notify = new SdNotify({ ...nothing, socket });
    notify.ready('x');
    notify.stopping();
    notify.stop();
  }
});

test('the watchdog is fed as long as the daemon runs, also while it stops', async () => {
  const name = `${dir}/watchdog`;
  const receive = listen(name);
  const messages: string[] = [];
  const heard = async (daemon: DaemonProcess, text: string): Promise<void> => {
    while (!messages.includes(text)) {
      messages.push(...receive());
      assert.is(daemon.child.exitCode, null, daemon.stderr());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const daemon = startDaemon(`${dir}/state`, { env: { NOTIFY_SOCKET: name, WATCHDOG_USEC: '20000' } });
  await heard(daemon, 'WATCHDOG=1');
  assert.match(messages[0] ?? '', /^READY=1\nMAINPID=\d+\nSTATUS=meters \(exact\)$/);
  daemon.child.kill('SIGTERM');
  await daemon.exited;
  messages.push(...receive());
  assert.ok(messages.includes('STOPPING=1'));
});

test("another process's watchdog is not fed", async () => {
  const name = `${dir}/other`;
  const receive = listen(name);
  const notify = new SdNotify({ socket: name, watchdogUsec: '2000', watchdogPid: '43', pid: 42 });
  notify.ready('x');
  await new Promise((resolve) => setTimeout(resolve, 20));
  notify.stop();
  assert.is(receive().length, 1);
});

test.run();
