import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type GroupDelta, onceOnTheWire } from '../../../src/metering/group-traffic.js';

const remote = { address: '192.168.1.20', port: 5353, protocol: 'udp' } as const;
const heard = (cgroupId: number, rxBytes: number, more: Partial<GroupDelta> = {}): GroupDelta => ({
  cgroupId,
  netns: 1,
  ifindex: 2,
  remote,
  rxBytes,
  rxPackets: 1,
  ...more,
});

test('three listeners heard one packet', () => {
  assert.equal(onceOnTheWire([heard(1, 80), heard(2, 80), heard(3, 80)]), [heard(1, 80)]);
});

test('the one that listened all the time tells', () => {
  assert.equal(onceOnTheWire([heard(1, 80), heard(2, 240)]), [heard(2, 240)]);
});

test('other namespaces, interfaces and remotes are other packets', () => {
  const all = [
    heard(1, 80),
    heard(1, 80, { netns: 9 }),
    heard(1, 80, { ifindex: 9 }),
    heard(1, 80, { remote: { ...remote, address: '192.168.1.21' } }),
    heard(1, 80, { remote: { ...remote, port: 1900 } }),
  ];
  assert.equal(onceOnTheWire(all), all);
});

test('never more than was counted, never less than one listener counted', () => {
  const delta = fc.record({
    cgroupId: fc.nat(3),
    netns: fc.nat(1),
    ifindex: fc.nat(1),
    remote: fc.constant(remote),
    rxBytes: fc.nat(1000),
    rxPackets: fc.nat(10),
  });
  const sum = (deltas: GroupDelta[]): number => deltas.reduce((bytes, { rxBytes }) => bytes + rxBytes, 0);
  void fc.assert(
    fc.property(fc.array(delta), (deltas) => {
      const once = onceOnTheWire(deltas);
      assert.ok(once.length <= 4);
      assert.ok(sum(once) <= sum(deltas));
      assert.ok(deltas.every(({ rxBytes }) => rxBytes <= sum(once)));
    }),
  );
});

test.run();
