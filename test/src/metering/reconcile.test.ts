import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Calibration, calibrate, uncalibrated } from '../../../src/metering/calibrate.js';
import {
  calibrationSamples,
  type LinkCalibration,
  reconcile,
  sumRouted,
} from '../../../src/metering/reconcile.js';
import { noTraffic, type Traffic } from '../../../src/units.js';

const adds = (headerBytes: number): Calibration => ({ ...uncalibrated(), headerBytes, packetsMatch: true });
const known: LinkCalibration = { rx: adds(0), tx: adds(14), packetsComparable: true };
const unknown: LinkCalibration = { rx: uncalibrated(), tx: uncalibrated(), packetsComparable: undefined };

const traffic = (rxBytes: number, rxPackets: number, txBytes = 0, txPackets = 0): Traffic => ({
  rxBytes,
  txBytes,
  rxPackets,
  txPackets,
});

test('a link whose owners moved all there was', () => {
  const owners = traffic(51_801_246, 34_620, 1_300_000, 20_000);
  const counted = traffic(51_801_246, 34_620, 1_300_000 + 20_000 * 14, 20_000);
  assert.equal(reconcile({ counted, owners, tunnels: [] }, known), {
    linkBytes: 53_101_246,
    attributedBytes: 53_101_246,
    tunnelOverheadBytes: 0,
    unattributedBytes: 0,
    linkPackets: 54_620,
    attributedPackets: 54_620,
    rxHeaderBytes: 0,
    txHeaderBytes: 14,
    packetsComparable: true,
  });
});

test('what nobody owns stays, and what was never sent is negative', () => {
  const counted = traffic(1000, 10);
  assert.is(reconcile({ counted, owners: traffic(900, 9), tunnels: [] }, known).unattributedBytes, 100);
  assert.is(reconcile({ counted, owners: traffic(1100, 11), tunnels: [] }, known).unattributedBytes, -100);
});

test('headers of unknown size are not guessed', () => {
  const link = { counted: traffic(1414, 1), owners: traffic(1400, 1), tunnels: [] };
  const result = reconcile(link, unknown);
  assert.is(result.rxHeaderBytes, undefined);
  assert.is(result.unattributedBytes, 14);
  assert.not(result.packetsComparable);
});

test('a tunnel of the kernel: its headers are derived from its packets', () => {
  // vxlan over IPv4: 50 bytes a packet.
  const inner = traffic(5_240_000, 3700, 100_000, 1900);
  const counted = traffic(5_240_000 + 3700 * 50, 3700, 100_000 + 1900 * (50 + 14), 1900);
  const result = reconcile(
    { counted, owners: noTraffic(), tunnels: [{ inner, headerBytes: 50, outer: undefined }] },
    known,
  );
  assert.is(result.attributedBytes, 5_340_000);
  assert.is(result.tunnelOverheadBytes, 5600 * 50);
  assert.is(result.unattributedBytes, 0);
  assert.is(result.attributedPackets, result.linkPackets);
});

test('a tunnel of a process: its own bytes are the difference, and not added up', () => {
  const inner = traffic(1_000_000, 800, 50_000, 400);
  const outer = traffic(1_060_000, 805, 76_000, 402);
  const counted = traffic(1_060_000, 805, 76_000 + 402 * 14, 402);
  const owners = sumRouted([{ link: 'wlan0', ownerKind: 'relay', ...outer }]).get('wlan0') ?? noTraffic();
  const result = reconcile({ counted, owners, tunnels: [{ inner, headerBytes: undefined, outer }] }, known);
  assert.is(result.attributedBytes, 1_050_000);
  assert.is(result.tunnelOverheadBytes, 86_000);
  assert.is(result.unattributedBytes, 0);
});

test('packets are comparable when the device says so, or when thousands of them agreed', () => {
  const link = { counted: noTraffic(), owners: noTraffic(), tunnels: [] };
  const comparable = (rx: boolean | undefined, tx: boolean | undefined, device: boolean | undefined) =>
    reconcile(link, {
      rx: { ...uncalibrated(), packetsMatch: rx },
      tx: { ...uncalibrated(), packetsMatch: tx },
      packetsComparable: device,
    }).packetsComparable;
  assert.ok(comparable(undefined, undefined, true));
  // Lost packets do not make the others incomparable.
  assert.ok(comparable(true, false, true));
  assert.ok(comparable(true, true, false));
  assert.ok(comparable(true, true, undefined));
  assert.not(comparable(true, undefined, false));
  assert.not(comparable(undefined, undefined, undefined));
});

test('sums per link, without relays and without what crossed none', () => {
  const one = traffic(10, 1, 20, 2);
  const sums = sumRouted([
    { link: 'wlan0', ownerKind: 'container', ...one },
    { link: 'wlan0', ownerKind: 'host', ...one },
    { link: 'wlan0', ownerKind: 'relay', ...one },
    { link: 'usb0', ownerKind: 'step', ...one },
    { link: undefined, ownerKind: 'container', ...one },
  ]);
  assert.equal(
    [...sums],
    [
      ['wlan0', traffic(20, 2, 40, 4)],
      ['usb0', one],
    ],
  );
});

test('the parts always add up to the link, and sums of intervals reconcile to the sum', () => {
  const any = fc.record({
    rxBytes: fc.nat(1e9),
    txBytes: fc.nat(1e9),
    rxPackets: fc.nat(1e6),
    txPackets: fc.nat(1e6),
  });
  const tunnel = fc.record({
    inner: any,
    headerBytes: fc.option(fc.nat(100), { nil: undefined }),
    outer: fc.option(any, { nil: undefined }),
  });
  const link = fc.record({ counted: any, owners: any, tunnels: fc.array(tunnel, { maxLength: 3 }) });
  void fc.assert(
    fc.property(link, link, (a, b) => {
      const [one, other] = [reconcile(a, known), reconcile(b, known)];
      for (const part of [one, other]) {
        const sum = part.attributedBytes + part.tunnelOverheadBytes + part.unattributedBytes;
        assert.is(sum, part.linkBytes);
      }
      const both = reconcile(
        {
          counted: plus(a.counted, b.counted),
          owners: plus(a.owners, b.owners),
          tunnels: [...a.tunnels, ...b.tunnels],
        },
        known,
      );
      assert.is(both.unattributedBytes, one.unattributedBytes + other.unattributedBytes);
      assert.is(both.attributedPackets, one.attributedPackets + other.attributedPackets);
    }),
  );
});

test('what calibration learns from a link includes its tunnels', () => {
  const inner = traffic(2_000_000, 2000, 140_000, 2000);
  const counted = traffic(2_000_000 + 2000 * (50 + 14), 2000, 140_000 + 2000 * 50, 2000);
  const tunnels = [{ inner, headerBytes: 50, outer: undefined }];
  const samples = calibrationSamples({ counted, owners: noTraffic(), tunnels });
  assert.is(calibrate(uncalibrated(), samples.rx).headerBytes, 14);
  assert.is(calibrate(uncalibrated(), samples.tx).headerBytes, 0);
});

function plus(a: Traffic, b: Traffic): Traffic {
  return traffic(
    a.rxBytes + b.rxBytes,
    a.rxPackets + b.rxPackets,
    a.txBytes + b.txBytes,
    a.txPackets + b.txPackets,
  );
}

test.run();
