// The lab's promises about its uplink. Without them, every end-to-end figure would prove nothing.
import * as assert from 'uvu/assert';
import {
  build,
  bytesPath,
  captureUplink,
  difference,
  docker,
  ipInReceives,
  lab,
  labSuite,
  originPath,
  originStats,
  removeContainers,
  run,
  slowUplink,
  uplinkCounters,
  withoutEthernet,
} from './harness/index.js';

const test = labSuite('lab: uplink');
const TWENTY_MB = 20_000_000;

test('merges packets before a socket of the host sees them', 60_000, async () => {
  const packetsBefore = uplinkCounters().rxPackets;
  const mergedBefore = ipInReceives();
  await run('curl', ['-sf', '-o', '/dev/null', lab().origin + bytesPath(TWENTY_MB, 'gro')]);
  const packets = uplinkCounters().rxPackets - packetsBefore;
  const merged = ipInReceives() - mergedBefore;
  assert.ok(packets > TWENTY_MB / 1500, `${packets} packets cannot carry 20 MB`);
  assert.ok(merged < packets / 5, `${packets} packets reached IP as ${merged}`);
});

test('merges packets before a socket of a container sees them', 60_000, async (cleanup) => {
  const name = `lab-gro-${process.pid}`;
  cleanup.defer(() => removeContainers('28', name));
  const packetsBefore = uplinkCounters().rxPackets;
  const url = lab().origin + bytesPath(TWENTY_MB, 'gro');
  const script = `wget -q -O /dev/null ${url} && cat /proc/net/snmp`;
  const { stdout } = await docker('28', ['run', '--rm', '--name', name, 'nm-busybox', 'sh', '-c', script]);
  const packets = uplinkCounters().rxPackets - packetsBefore;
  const merged = ipInReceives(stdout);
  assert.ok(merged < packets / 5, `${packets} packets reached the container as ${merged}`);
});

test('counts the bytes of IP that a capture of its far end counts', 120_000, async (cleanup) => {
  const v4 = bytesPath(TWENTY_MB, 'v4');
  const v6 = bytesPath(TWENTY_MB, 'v6');
  const capture = await captureUplink(cleanup);
  const before = uplinkCounters();
  await build({
    engine: '28',
    dockerfile: `
      FROM nm-busybox
      RUN wget -q -O /dev/null ${lab().origin}${v4}
      RUN wget -q -O /dev/null '${lab().originV6}${v6}'
      RUN udp fetch ${lab().serverV4} 19 300 4000`,
  });
  const raw = difference(uplinkCounters(), before);
  const captured = await capture.stop();
  assert.equal(withoutEthernet(raw), allOf(captured), 'host end against capture');

  const [countV4, countV6] = [await originPath(v4), await originPath(v6)];
  assert.is(countV4.bodySent, TWENTY_MB);
  assert.is(countV6.bodySent, TWENTY_MB);
  const payload = countV4.socketSent + countV6.socketSent + 300 * 4000;
  assert.ok(captured.ip.rxBytes > payload, `${captured.ip.rxBytes} bytes cannot carry ${payload}`);
  assert.ok(captured.ip.rxBytes < payload * 1.06, `${captured.ip.rxBytes} bytes are too many for ${payload}`);
});

/** Everything a device counts: IP, and ARP beside it. */
function allOf({ ip, arp }: Awaited<ReturnType<Awaited<ReturnType<typeof captureUplink>>['stop']>>) {
  return {
    rxBytes: ip.rxBytes + arp.rxBytes,
    txBytes: ip.txBytes + arp.txBytes,
    rxPackets: ip.rxPackets + arp.rxPackets,
    txPackets: ip.txPackets + arp.txPackets,
  };
}

test('fragments datagrams over the MTU', 60_000, async (cleanup) => {
  const capture = await captureUplink(cleanup);
  const before = uplinkCounters();
  await docker('28', ['run', '--rm', 'nm-busybox', 'udp', 'fetch', lab().serverV4, '19', '200', '4000']);
  const { rxPackets } = difference(uplinkCounters(), before);
  const { ip } = await capture.stop();
  // 4,008 bytes of UDP in pieces of at most 1,480: two full ones and 1,048.
  assert.ok(ip.rxPackets >= 600, `${ip.rxPackets} packets captured`);
  assert.ok(rxPackets >= 600, `${rxPackets} packets counted`);
  assert.ok(ip.rxBytes >= 200 * (4008 + 3 * 20), `${ip.rxBytes} bytes captured`);
});

test('drops what a slow link has no room for, before it counts', 60_000, async (cleanup) => {
  await slowUplink(cleanup, '1mbit');
  const receivedBefore = (await originStats()).udp['9']?.datagramsReceived ?? 0;
  const before = uplinkCounters();
  await docker('28', ['run', '--rm', 'nm-busybox', 'udp', 'send', lab().serverV4, '9', '300', '1400']);
  const { txPackets } = difference(uplinkCounters(), before);
  const received = ((await originStats()).udp['9']?.datagramsReceived ?? 0) - receivedBefore;
  assert.ok(received > 0, 'nothing came through');
  assert.ok(received < 300, 'nothing was dropped');
  assert.ok(txPackets < 300, `${txPackets} packets counted`);
});

test.run();
