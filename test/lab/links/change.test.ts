// The default link changes in the middle of downloads: every byte belongs to the link that it crossed.
import * as assert from 'uvu/assert';
import type { ReportDocument, StatusDocument } from '../../../src/protocol/documents.js';
import { assertWithin } from '../exactness/expectations.js';
import {
  type Cleanup,
  difference,
  docker,
  eventually,
  type LinkCounters,
  lab,
  labSuite,
  removeContainers,
  startNetmeter,
  uplinkCounters,
  withoutEthernet,
} from '../harness/index.js';
import { SecondUplink } from './second-uplink.js';

const test = labSuite('links that change');
const MB = 1_000_000;
const RATE = 2 * MB;
const EACH = 12 * MB;

/** A container and a command of the host, which both download while the link changes. */
async function downloads(netmeter: Awaited<ReturnType<typeof startNetmeter>>, cleanup: Cleanup) {
  const name = `nm-change-${process.pid}`;
  cleanup.defer(() => removeContainers('28', name));
  const url = (what: string, bytes: number) =>
    `${lab().origin}/slow/${bytes}/${what}-${process.pid}-${Date.now()}?rate=${RATE}`;
  // A connection of a container does not survive it: its address is translated to that of one link. It tries again.
  const again = `for i in 1 2 3 4 5 6; do timeout 3 wget -q -O /dev/null "${url('container', EACH / 6)}&$i"; done; true`;
  await Promise.all([
    docker('28', ['run', '--rm', '--name', name, 'nm-busybox', 'sh', '-c', again]),
    netmeter.run(['run', '--', 'curl', '-sf', '-o', '/dev/null', url('host', EACH)]),
  ]);
}

test('Wi-Fi to hotspot in the middle of downloads: each link has its own bytes', 120_000, async (cleanup) => {
  const second = new SecondUplink(cleanup);
  await second.make();
  const first = lab().uplink;
  const netmeter = await startNetmeter(cleanup, { startArgs: ['--link', `${first},${second.name}`] });
  const before = { first: uplinkCounters(), second: second.counters() };
  const running = downloads(netmeter, cleanup);
  await eventually('a good part of it', 30_000, () =>
    uplinkCounters().rxBytes - before.first.rxBytes > EACH * 0.8 ? true : undefined,
  );
  await second.take();
  await running;
  const status = await netmeter.json<StatusDocument>(['status']);
  const after = { first: uplinkCounters(), second: second.counters() };
  const crossed = {
    [first]: withoutEthernet(difference(after.first, before.first)),
    [second.name]: withoutEthernet(difference(after.second, before.second)),
  };
  for (const [name, truth] of Object.entries(crossed)) assertLink(status, name, truth);
  const report = await netmeter.json<ReportDocument>(['report', '--since', '1h']);
  for (const [name, { rxBytes, txBytes }] of Object.entries(crossed)) {
    const link = report.links.find((candidate) => candidate.name === name);
    assertWithin(link?.bytes ?? 0, rxBytes + txBytes, 2e-3, `${name} in the report`);
  }
});

/** What its owners moved over it is what it counted, but for what was under way in the moment of the change. */
function assertLink(status: StatusDocument, name: string, truth: LinkCounters): void {
  const link = status.links.find((candidate) => candidate.name === name);
  const bytes = truth.rxBytes + truth.txBytes;
  assert.ok(bytes > EACH * 0.5, `${name} carried ${bytes} bytes: the change came too early or too late`);
  assertWithin((link?.rxBytes ?? 0) + (link?.txBytes ?? 0), bytes, 2e-3, `${name}'s own bytes`);
  assertWithin(link?.reconciliation?.attributedBytes ?? 0, bytes, 1e-2, `what owners moved over ${name}`);
}

test.run();
