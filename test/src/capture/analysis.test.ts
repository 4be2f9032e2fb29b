import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CaptureAnalysis } from '../../../src/capture/analysis.js';
import { type CaptureDocument, captureDocument } from '../../../src/capture/document.js';
import { CaptureStream } from '../../../src/capture/read-capture.js';
import { be16, ethernet, ipv4, ipv6, pcapFile, type Recorded, tcp, udp } from './packets.js';

function analyse(packets: Recorded[], linkType = 1): CaptureDocument {
  const analysis = new CaptureAnalysis(undefined);
  const stream = new CaptureStream(analysis);
  stream.push(pcapFile(packets, { linkType }));
  return captureDocument('test.pcap', analysis, stream.end());
}

const frame = (ip: Buffer, wireLength = 14 + ip.length): Recorded => ({
  bytes: ethernet(0x0800, ip),
  wireLength,
});

test('bytes on the wire go to both hosts and to the conversation, in its direction', () => {
  const there = { from: '192.0.2.1', to: '198.51.100.2', protocol: 6 };
  const back = { from: '198.51.100.2', to: '192.0.2.1', protocol: 6 };
  const document = analyse([
    frame(ipv4(tcp(Buffer.alloc(0), 1, 40_000, 443), there), 60),
    frame(ipv4(tcp(Buffer.alloc(10), 1, 443, 40_000), back), 1514),
    frame(ipv4(tcp(Buffer.alloc(10), 1, 443, 40_000), back), 1000),
  ]);
  assert.is(document.wireBytes, 2574);
  assert.equal(
    document.hosts.map(({ address, txPackets, rxPackets, txBytes, rxBytes }) => [
      address,
      txPackets,
      rxPackets,
      txBytes,
      rxBytes,
    ]),
    [
      ['192.0.2.1', 1, 2, 60, 2514],
      ['198.51.100.2', 2, 1, 2514, 60],
    ],
  );
  assert.equal(document.conversations, [
    {
      a: '192.0.2.1',
      b: '198.51.100.2',
      protocol: 'tcp',
      portA: 40_000,
      portB: 443,
      packetsAB: 1,
      bytesAB: 60,
      packetsBA: 2,
      bytesBA: 2514,
    },
  ]);
});

test('the one who sends first is a, whichever address is higher', () => {
  for (const [from, to] of [
    ['192.0.2.1', '192.0.2.200'],
    ['192.0.2.200', '192.0.2.1'],
  ] as const) {
    const [flow] = analyse([frame(ipv4(udp(Buffer.alloc(1), 7, 9), { from, to }))]).conversations;
    assert.equal([flow?.a, flow?.b, flow?.portA, flow?.portB, flow?.packetsAB], [from, to, 7, 9, 1]);
  }
});

test('fragments count for their hosts; those without ports have none', () => {
  const payload = Buffer.alloc(16, 9);
  const extension = (offset: number, more: number) =>
    Buffer.from([17, 0, offset >> 8, (offset & 0xff) | more, 0, 0, 0, 1]);
  const v6 = (offset: number, more: number) =>
    ethernet(0x86dd, ipv6(Buffer.concat([extension(offset, more), udp(payload, 5, 6)]), 44));
  const document = analyse([
    frame(ipv4(udp(payload, 5, 6), { fragmentOffset: 0x2000 })),
    frame(ipv4(payload, { fragmentOffset: 100 })),
    { bytes: v6(0, 1) },
    { bytes: v6(800, 0) },
  ]);
  assert.equal(document.conversations.map(({ a, protocol, portA }) => `${a} ${protocol} ${portA}`).sort(), [
    '192.0.2.1 udp 5',
    '192.0.2.1 udp null',
    '2001:db8::1 udp 5',
    '2001:db8::1 udp null',
  ]);
  assert.equal(
    document.hosts.map(({ packets }) => packets),
    [2, 2, 2, 2],
  );
});

test('extension headers of IPv6 are passed over', () => {
  const options = (next: number) => Buffer.from([next, 0, 1, 4, 0, 0, 0, 0]);
  const routing = (next: number) => Buffer.from([next, 2, 4, 0, ...new Array(20).fill(0)]);
  const packet = ipv6(
    Buffer.concat([options(43), routing(60), options(6), tcp(Buffer.alloc(0), 1, 1, 2)]),
    0,
  );
  const [flow] = analyse([{ bytes: ethernet(0x86dd, packet) }]).conversations;
  assert.equal([flow?.protocol, flow?.portA, flow?.portB], ['tcp', 1, 2]);
});

test('of a tunnel, the outer addresses pay', () => {
  const inside = ipv4(udp(Buffer.alloc(100), 1, 2), { from: '10.0.0.1', to: '10.0.0.2' });
  const document = analyse([
    frame(ipv4(inside, { protocol: 4 })),
    frame(ipv4(Buffer.concat([Buffer.from([0, 0, 8, 0]), inside]), { protocol: 47 })),
    frame(
      ipv4(udp(Buffer.concat([Buffer.from('0800000000000100', 'hex'), ethernet(0x0800, inside)]), 1, 4789)),
    ),
  ]);
  assert.equal(
    document.hosts.map(({ address, packets }) => [address, packets]),
    [
      ['192.0.2.1', 3],
      ['198.51.100.2', 3],
    ],
  );
});

test('a packet that claims more than 262,144 bytes is counted, and its bytes are in no sum', () => {
  const document = analyse([
    frame(ipv4(udp(Buffer.alloc(0))), 262_144),
    frame(ipv4(udp(Buffer.alloc(0))), 262_145),
    frame(ipv4(udp(Buffer.alloc(0))), 2_147_483_647),
  ]);
  assert.equal([document.packets, document.implausible, document.wireBytes], [3, 2, 262_144]);
  assert.is(document.capturedBytes, 42);
  assert.equal(
    document.hosts.map(({ packets, txBytes, rxBytes }) => [packets, txBytes + rxBytes]),
    [
      [3, 262_144],
      [3, 262_144],
    ],
  );
});

test('packets of no host are counted by reason', () => {
  const document = analyse([
    { bytes: ethernet(0x0806, Buffer.alloc(28)) },
    { bytes: Buffer.alloc(6) },
    frame(ipv4(Buffer.alloc(0)).subarray(0, 19)),
    frame(ipv4(Buffer.alloc(8), { totalLength: 19 })),
    frame(ipv4(Buffer.alloc(8))),
  ]);
  assert.is(document.undecoded, 4);
  assert.equal(document.undecodedBecause, { linkType: 0, notIp: 1, malformed: 3 });
  const unknown = analyse([{ bytes: Buffer.alloc(20) }], 147);
  assert.equal(unknown.undecodedBecause, { linkType: 1, notIp: 0, malformed: 0 });
  assert.equal(unknown.linkTypes, ['LINKTYPE_147']);
});

test('times are those of the first and of the last packet; none is null', () => {
  const packet = frame(ipv4(udp(Buffer.alloc(0))));
  const document = analyse([
    { ...packet, seconds: 1_700_000_000, fraction: 5000 },
    { ...packet, seconds: 1_600_000_000 },
  ]);
  assert.is(document.firstAt, '2023-11-14T22:13:20.005Z');
  assert.is(document.lastAt, '2020-09-13T12:26:40.000Z');
  const empty = analyse([]);
  assert.equal([empty.packets, empty.firstAt, empty.lastAt, empty.wireBytes], [0, null, null, 0]);
});

test('classes of hosts by their addresses', () => {
  const to = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '172.32.0.1',
    '192.168.9.9',
    '100.64.0.1',
    '224.0.0.251',
  ];
  const document = analyse(
    to.map((address) => frame(ipv4(udp(Buffer.alloc(0)), { from: '8.8.8.8', to: address }))),
  );
  const classes = Object.fromEntries(document.hosts.map((host) => [host.address, host.class]));
  assert.equal(classes, {
    '8.8.8.8': 'wan',
    '127.0.0.1': 'local',
    '10.1.2.3': 'lan',
    '172.31.0.1': 'lan',
    '172.32.0.1': 'wan',
    '192.168.9.9': 'lan',
    '100.64.0.1': 'wan',
    '224.0.0.251': 'lan',
  });
});

test('an IPv4-mapped address in an IPv6 header is a host of its own', () => {
  const packet = ipv6(Buffer.alloc(0), 59);
  packet.fill(0, 8, 18);
  packet.set([0xff, 0xff, 192, 0, 2, 1], 18);
  const document = analyse([{ bytes: ethernet(0x86dd, packet) }, frame(ipv4(Buffer.alloc(0)))]);
  assert.ok(document.hosts.some(({ address }) => address === '::ffff:192.0.2.1'));
  assert.ok(document.hosts.some(({ address }) => address === '192.0.2.1'));
});

test('property: hosts and conversations add up to what was sent', () => {
  const address = fc.integer({ min: 1, max: 40 }).map((last) => `192.0.2.${last}`);
  const packet = fc.record({
    from: address,
    to: address,
    source: fc.integer({ min: 0, max: 5 }),
    destination: fc.integer({ min: 0, max: 5 }),
    wire: fc.integer({ min: 34, max: 9000 }),
  });
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 200 }), (sent) => {
      const document = analyse(
        sent.map(({ from, to, source, destination, wire }) =>
          frame(ipv4(Buffer.concat([be16(source), be16(destination), be16(8), be16(0)]), { from, to }), wire),
        ),
      );
      const expected = new Map<string, number>();
      for (const { from, wire } of sent) expected.set(from, (expected.get(from) ?? 0) + wire);
      for (const host of document.hosts) assert.is(host.txBytes, expected.get(host.address) ?? 0);
      const total = sent.reduce((sum, { wire }) => sum + wire, 0);
      assert.is(document.wireBytes, total);
      const inFlows = document.conversations.reduce((sum, flow) => sum + flow.bytesAB + flow.bytesBA, 0);
      assert.is(inFlows, total);
    }),
    { numRuns: 50 },
  );
});

test.run();
