// Everything that crosses the uplink has an owner, to one byte in ten thousand and to the packet.
import * as assert from 'uvu/assert';
import type { StatusOwner } from '../../../src/protocol/documents.js';
import {
  build,
  bytesPath,
  captureUplink,
  difference,
  docker,
  eventually,
  lab,
  labSuite,
  originPath,
  pushRandomImage,
  removeContainers,
  run,
  startNetmeter,
  uplinkCounters,
} from '../harness/index.js';
import { finishedBuild, received, settledStatus, stepNamed } from './documents.js';
import { assertAddsUp, assertWithin, receivedOverTcp } from './expectations.js';

const test = labSuite('exactness: the uplink');
const MB = 1_000_000;

test('a build with every kind of step adds up, step by step and in all', 180_000, async (cleanup) => {
  const image = await pushRandomImage('exact', [6 * MB, 3 * MB]);
  const [first, mounted, six, added] = [
    bytesPath(20 * MB, 'run'),
    bytesPath(3 * MB, 'mount'),
    bytesPath(4 * MB, 'v6'),
    bytesPath(5 * MB, 'add'),
  ];
  const tag = `exact-${process.pid}`;
  const netmeter = await startNetmeter(cleanup);
  const capture = await captureUplink(cleanup);
  const before = uplinkCounters();
  await build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    dockerfile: `
      FROM ${image.reference} AS pulled
      FROM nm-busybox
      COPY --from=pulled / /pulled
      RUN wget -q -O /dev/null ${lab().origin}${first}
      RUN --mount=type=cache,target=/c wget -q -O /c/x ${lab().origin}${mounted}
      RUN wget -q -O /dev/null '${lab().originV6}${six}'
      RUN udp fetch ${lab().serverV4} 19 300 4000
      ADD ${lab().origin}${added} /added`,
  });
  const shown = await finishedBuild(netmeter, tag);
  const document = await settledStatus(netmeter);
  const raw = difference(uplinkCounters(), before);
  const { arp, icmp6 } = await capture.stop();
  const groups = arp.rxPackets + arp.txPackets + icmp6.rxPackets + icmp6.txPackets;
  assertAddsUp(document, raw, lab().uplink, groups);

  const perStep: [string, number][] = [
    [`RUN wget -q -O /dev/null ${lab().origin}`, receivedOverTcp(await originPath(first))],
    ['RUN --mount', receivedOverTcp(await originPath(mounted))],
    ["RUN wget -q -O /dev/null 'http://[", receivedOverTcp(await originPath(six), 6)],
  ];
  for (const [text, expected] of perStep) {
    assertWithin(received(stepNamed(shown, text)), expected, 1e-3, text);
  }
  const fetched = shown.steps.filter((step) => step.kind === 'add');
  assert.is(fetched.length, 1);
  assertWithin(received(fetched[0]!), receivedOverTcp(await originPath(added)), 5e-3, 'ADD from a URL');
  const pulled = shown.steps.find((step) => step.kind === 'from' && step.name.includes(image.reference));
  const blobs = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  assert.ok(pulled !== undefined && received(pulled) > blobs && received(pulled) < blobs * 1.05);
  const udp = received(stepNamed(shown, 'RUN udp fetch'));
  // 300 datagrams of 4,000 bytes: three fragments each, every one with an IP header, one with UDP's.
  assertWithin(udp, 300 * (4000 + 8 + 3 * 20), 1e-3, 'UDP in fragments');
});

test('containers, the host, published ports and uploads add up', 180_000, async (cleanup) => {
  const names = ['bridge', 'host', 'published', 'upload'].map((kind) => `exact-${kind}-${process.pid}`);
  const [bridge = '', host = '', published = '', upload = ''] = names;
  cleanup.defer(() => removeContainers('28', ...names));
  const netmeter = await startNetmeter(cleanup);
  const capture = await captureUplink(cleanup);
  const before = uplinkCounters();
  const [a, b, c] = [bytesPath(12 * MB, 'bridge'), bytesPath(8 * MB, 'host'), bytesPath(6 * MB, 'curl')];
  await docker('28', [
    'run',
    '--name',
    bridge,
    'nm-busybox',
    'wget',
    '-q',
    '-O',
    '/dev/null',
    lab().origin + a,
  ]);
  const onHost = ['run', '--network', 'host', '--name', host, 'nm-busybox'];
  await docker('28', [...onHost, 'wget', '-q', '-O', '/dev/null', lab().origin + b]);
  await run('curl', ['-sf', '-o', '/dev/null', lab().origin + c]);
  await docker('28', [
    ...['run', '-d', '--name', published, '-p', '18080:8080', 'nm-busybox'],
    ...['sh', '-c', 'head -c 3000000 /dev/zero > /f; httpd -f -p 8080 -h /'],
  ]);
  const ready = ['exec', published, 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/f'];
  await eventually('the published server to answer', 20_000, async () => {
    return (await docker('28', ready, { anyExit: true })).exitCode === 0 ? true : undefined;
  });
  // From the far end of the uplink to the published port: into the container, through NAT.
  const url = 'http://198.51.100.1:18080/f';
  const curl = ['curl', '-sf', '--interface', lab().serverV4, '-o', '/dev/null', url];
  await run('ip', ['netns', 'exec', lab().netns, ...curl]);
  const target = `${lab().origin}/upload/${upload}`;
  // busybox stops at the first zero byte of a file to post.
  const put = `head -c 7000000 /dev/zero | tr '\\0' x > /f; wget -q -O /dev/null --post-file=/f ${target}`;
  await docker('28', ['run', '--rm', '--name', upload, 'nm-busybox', 'sh', '-c', put]);

  const document = await settledStatus(netmeter);
  const raw = difference(uplinkCounters(), before);
  const { arp, icmp6 } = await capture.stop();
  assertAddsUp(
    document,
    raw,
    lab().uplink,
    arp.rxPackets + arp.txPackets + icmp6.rxPackets + icmp6.txPackets,
  );

  const byName = (name: string): StatusOwner => {
    const owner = document.owners.find((candidate) => candidate.name === name);
    if (owner === undefined) throw new Error(`no owner is called ${name}`);
    return owner;
  };
  assert.is(byName(bridge).kind, 'container');
  assert.is(byName(bridge).image, 'nm-busybox');
  assertWithin(byName(bridge).wan.rxBytes, receivedOverTcp(await originPath(a)), 1e-3, bridge);
  assertWithin(byName(host).wan.rxBytes, receivedOverTcp(await originPath(b)), 1e-3, host);
  assert.ok(byName(published).wan.txBytes > 3_000_000, "what a published port served is its container's");
  const sent = await originPath(`/upload/${upload}`);
  assert.ok(byName(upload).wan.txBytes > sent.socketReceived, 'an upload is more than its payload');
  assert.ok(byName(upload).wan.txBytes < sent.socketReceived * 1.06);
});

test.run();
