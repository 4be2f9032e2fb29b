// More remotes than the kernel's map has room for: they are counted without their names, and none is lost.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Cleanup, eventually, labSuite, Netmeter } from '../harness/index.js';
import { bytesOf, OwnUplink, sendToMany } from './own-uplink.js';
import { status } from './scene.js';

const test = labSuite('bad days: many remotes');
const ROOM = 1024;
const PAYLOAD = 200;

test('4,096 remotes more than there is room for', 120_000, async (cleanup) => {
  const uplink = new OwnUplink(cleanup);
  await uplink.make();
  const netmeter = new Netmeter(cleanup, { startArgs: ['--link', uplink.name] });
  const daemon = await startWithRoom(netmeter, uplink.name, cleanup);
  const before = await status(netmeter);
  assert.is(before.lost.mapOverflows, 0);
  assert.is(before.lost.overflowBytesByCgroup, 0);

  await sendToMany(ROOM + 4096, PAYLOAD);
  const document = await status(netmeter);
  const sent = bytesOf(ROOM + 4096, PAYLOAD);
  const link = document.links.find(({ name }) => name === uplink.name);
  assert.is(uplink.counters().txPackets, ROOM + 4096);
  assert.is(link?.txBytes, sent);
  assert.is(link?.reconciliation?.attributedBytes, sent);
  assert.is(link?.reconciliation?.attributedPackets, ROOM + 4096);
  assert.is(link?.reconciliation?.unattributedBytes, 0);
  assert.ok((document.lost.mapOverflows ?? 0) > 0);
  const without = document.lost.overflowBytesByCgroup ?? 0;
  assert.ok(without >= bytesOf(4096, PAYLOAD) && without < sent, `${without} bytes without a remote`);
  assert.match((await netmeter.run(['status'])).stdout, /Lost: mapOverflows [1-9]/);

  // And after a crash.
  daemon.kill('SIGKILL');
  await once(daemon, 'exit');
  await sendToMany(2000, PAYLOAD, 2000);
  await startWithRoom(netmeter, uplink.name, cleanup);
  const later = await status(netmeter, before.startedAt!);
  const again = later.links.find(({ name }) => name === uplink.name);
  assert.is(again?.reconciliation?.attributedBytes, sent + bytesOf(2000, PAYLOAD));
  assert.is(again?.reconciliation?.unattributedBytes, 0);
});

/** A daemon with little room, which is no option of `netmeter start`, that meters. */
async function startWithRoom(netmeter: Netmeter, link: string, cleanup: Cleanup): Promise<ChildProcess> {
  const { command, args, env } = netmeter.foreground();
  const main = join(dirname(args[0]!), '../daemon/main.js');
  const options = ['--foreground', '--state-dir', netmeter.stateDir, '--socket', env.NETMETER_SOCKET!];
  const settings = ['--link', link, '--max-flows', String(ROOM), '--docker-host', env.DOCKER_HOST!];
  const daemon = spawn(command, [main, ...options, ...settings], { stdio: 'ignore' });
  cleanup.defer(() => daemon.kill('SIGKILL'));
  // It listens before it meters, and answers then.
  await eventually('the daemon to listen', 20_000, async () => {
    const { exitCode } = await netmeter.run(['status'], { anyExit: true });
    return exitCode === 0 ? true : undefined;
  });
  return daemon;
}

test.run();
