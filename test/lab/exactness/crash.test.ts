// The kernel goes on counting while the daemon is dead, and nothing is counted twice when it lives again.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { ReportDocument } from '../../../src/protocol/documents.js';
import {
  build,
  bytesPath,
  captureUplink,
  difference,
  docker,
  lab,
  labSuite,
  type Netmeter,
  originPath,
  removeContainers,
  slowUplink,
  startNetmeter,
  uplinkCounters,
  withoutEthernet,
} from '../harness/index.js';
import { finishedBuild, received, settledStatus, status, stepNamed } from './documents.js';
import { assertAddsUp, assertWithin, receivedOverTcp } from './expectations.js';

const test = labSuite('exactness: crashes');
const KILLS = 100;

test(`killed at ${KILLS} random moments of a running download`, 900_000, async (cleanup) => {
  const name = `crash-${process.pid}`;
  cleanup.defer(() => removeContainers('28', name));
  const netmeter = await startNetmeter(cleanup);
  const capture = await captureUplink(cleanup);
  const { startedAt } = await status(netmeter);
  const before = uplinkCounters();
  // Paced, so that it runs all the time at a rate that moves something in every tick.
  const script = `while true; do wget -q -O /dev/null ${lab().origin}/slow/4000000/${name}?rate=2000000; done`;
  await docker('28', ['run', '-d', '--name', name, 'nm-busybox', 'sh', '-c', script]);
  await netmeter.kill9();
  let kills = 1;
  for (; kills < KILLS; kills++) await killedAfter(netmeter, Math.random() * 2000);
  await docker('28', ['rm', '-f', name]);
  await netmeter.start();
  const document = await settledStatus(netmeter, startedAt ?? '');
  const raw = difference(uplinkCounters(), before);
  const { arp, icmp6 } = await capture.stop();
  assertAddsUp(
    document,
    raw,
    lab().uplink,
    arp.rxPackets + arp.txPackets + icmp6.rxPackets + icmp6.txPackets,
  );
  assert.is(document.owners.filter((owner) => owner.name === name).length, 1);
});

/** Runs the daemon for a while, starting included, and kills it. */
async function killedAfter(netmeter: Netmeter, ms: number): Promise<void> {
  const { command, args, env } = netmeter.foreground();
  const daemon = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  const exited = new Promise((resolve) => daemon.once('exit', resolve));
  await sleep(ms);
  daemon.kill('SIGKILL');
  await exited;
}

test('a build that ran while the daemon was dead has its bytes', 180_000, async (cleanup) => {
  const tag = `crash-build-${process.pid}`;
  const paths = [bytesPath(20_000_000, 'dead'), bytesPath(7_000_000, 'dead')];
  const netmeter = await startNetmeter(cleanup);
  await netmeter.kill9();
  await build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    dockerfile: `FROM nm-busybox\n${paths.map((path) => `RUN wget -q -O /dev/null ${lab().origin}${path}\n`).join('')}`,
  });
  await netmeter.start();
  const shown = await finishedBuild(netmeter, tag, 'inferred');
  for (const path of paths) {
    assertWithin(received(stepNamed(shown, path)), receivedOverTcp(await originPath(path)), 1e-3, path);
  }
});

test('stopped in the middle of a download, all that it counted has its owner', 120_000, async (cleanup) => {
  const name = `stopped-${process.pid}`;
  cleanup.defer(() => removeContainers('28', name));
  const netmeter = await startNetmeter(cleanup);
  const url = `${lab().origin}/slow/80000000/${name}?rate=8000000`;
  await docker('28', ['run', '-d', '--name', name, 'nm-busybox', 'wget', '-q', '-O', '/dev/null', url]);
  await sleep(3000);
  await netmeter.stop();
  // Its database is read.
  const report = await netmeter.json<ReportDocument>(['report']);
  const [link] = report.links;
  assert.ok((link?.bytes ?? 0) > 15_000_000, `${link?.bytes} bytes on the link`);
  // Some packets between two readings; the kernel takes 50 ms to let go of a program, which would be 400 kB.
  const { unattributedBytes = Number.NaN } = link?.reconciliation ?? {};
  assert.ok(Math.abs(unattributedBytes) < 40_000, `${unattributedBytes} bytes have no owner`);
});

test("an upload that outlives its container is its container's", 120_000, async (cleanup) => {
  const name = `outlives-${process.pid}`;
  cleanup.defer(() => removeContainers('28', name));
  // Slow enough for what is in the socket's buffer when the process ends to take its time.
  await slowUplink(cleanup, '8mbit');
  const netmeter = await startNetmeter(cleanup);
  const before = withoutEthernet(uplinkCounters());
  const target = `${lab().origin}/upload/${name}`;
  const put = `wget -q -O /dev/null --post-file=/f "${target}" & sleep 2; kill -9 $!`;
  const script = `head -c 20000000 /dev/zero | tr '\\0' x > /f; ${put}`;
  // On the host's network: a namespace of its own would take its sockets along.
  await docker('28', ['run', '--network', 'host', '--name', name, 'nm-busybox', 'sh', '-c', script]);
  const ended = withoutEthernet(uplinkCounters());
  await sleep(8000);
  const document = await status(netmeter);
  const last = withoutEthernet(uplinkCounters());
  const after = last.txBytes - ended.txBytes;
  assert.ok(after > 100_000, `${after} bytes were sent after the end, too few to prove anything`);
  const owner = document.owners.find((candidate) => candidate.name === name);
  assert.is(owner?.kind, 'container');
  const sent = last.txBytes - before.txBytes;
  // What the slow queue dropped was counted at the socket as well, and never sent: it comes on top.
  assert.ok((owner?.wan.txBytes ?? 0) >= sent * 0.99, `${owner?.wan.txBytes} bytes, the uplink sent ${sent}`);
});

test.run();
