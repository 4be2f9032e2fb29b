import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Calibration,
  type CalibrationSample,
  calibrate,
  uncalibrated,
  withoutHeaders,
} from '../../../src/metering/calibrate.js';

/** What a link with this header size shows of packets, some of which no socket saw. */
function seen(packets: number, header: number, size = 1400, foreign = 0): CalibrationSample {
  return {
    linkPackets: packets + foreign,
    linkBytes: packets * (size + header) + foreign * (46 + header),
    ownerPackets: packets,
    ownerBytes: packets * size,
  };
}

function after(...samples: CalibrationSample[]): Calibration {
  return samples.reduce(calibrate, uncalibrated());
}

test('nothing is known before enough packets were seen', () => {
  assert.is(after().headerBytes, undefined);
  assert.is(after(seen(63, 14)).headerBytes, undefined);
  assert.is(after(seen(63, 14)).packetsMatch, undefined);
  assert.is(after(seen(63, 14), seen(1, 14)).headerBytes, 14);
});

test('few packets do where only small ones have no owner, and do not where large ones have none', () => {
  assert.is(after(seen(300, 14, 52, 2)).headerBytes, 14);
  const large = { linkPackets: 302, linkBytes: 300 * 66 + 2 * 1414, ownerPackets: 300, ownerBytes: 300 * 52 };
  assert.is(after(large).headerBytes, undefined);
});

test('fewer packets on the link than sockets saw prove nothing', () => {
  const behind = { linkPackets: 90, linkBytes: 90 * 66, ownerPackets: 100, ownerBytes: 100 * 52 };
  assert.is(after(behind).headerBytes, undefined);
});

for (const header of [0, 4, 8, 14, 18, 22, 26]) {
  test(`a driver that adds ${header} bytes`, () => {
    assert.is(after(seen(2000, header)).headerBytes, header);
    assert.is(after(seen(2000, header, 60)).headerBytes, header);
  });
}

test('a size that no driver adds stays unknown', () => {
  const calibration = after(seen(5000, 11));
  assert.is(calibration.headerBytes, undefined);
  assert.is(calibration.packetsMatch, true);
});

test('some ARP among many packets does not matter', () => {
  assert.is(after(seen(30_000, 14, 1400, 12)).headerBytes, 14);
});

test('as many unmatched packets as could move the result keep the window open', () => {
  const five = { linkPackets: 2005, linkBytes: 2005 * 1400, ownerPackets: 2000, ownerBytes: 2000 * 1400 };
  const undecided = after(five);
  assert.is(undecided.headerBytes, undefined);
  assert.is(undecided.packetsMatch, undefined);
  // The same five do not matter any more once more packets agreed.
  assert.is(calibrate(undecided, seen(20_000, 0)).headerBytes, 0);
});

test("packets of nobody, such as a virtual machine's, are no header", () => {
  // 1 % forwarded packets of full size: 14 bytes a packet, on a link that adds none.
  const forwarded = { linkPackets: 101, linkBytes: 101 * 1400, ownerPackets: 100, ownerBytes: 100 * 1400 };
  let calibration = uncalibrated();
  for (let i = 0; i < 5000; i++) calibration = calibrate(calibration, forwarded);
  assert.is(calibration.headerBytes, undefined);
  assert.is(calibration.packetsMatch, false);
});

test('super-packets of a link that segments in hardware are no header', () => {
  const merged = { linkPackets: 810, linkBytes: 29e6, ownerPackets: 20_986, ownerBytes: 29e6 };
  const samples = Array.from({ length: 20 }, () => merged);
  const calibration = after(...samples);
  assert.is(calibration.headerBytes, undefined);
  assert.is(calibration.packetsMatch, false);
});

test('what is counted in one tick and seen in the next cancels out', () => {
  const early = { linkPackets: 1500, linkBytes: 1500 * 1414, ownerPackets: 1490, ownerBytes: 1490 * 1400 };
  const late = { linkPackets: 1500, linkBytes: 1500 * 1414, ownerPackets: 1510, ownerBytes: 1510 * 1400 };
  assert.is(after(early, late).headerBytes, 14);
});

test('a known size survives windows that say otherwise, until three in a row agree', () => {
  const known = after(seen(2000, 14));
  const doubted = calibrate(calibrate(known, seen(2000, 0)), seen(2000, 0));
  assert.is(doubted.headerBytes, 14);
  assert.is(calibrate(doubted, seen(2000, 0)).headerBytes, 0);
  const confirmed = calibrate(calibrate(doubted, seen(2000, 14)), seen(2000, 0));
  assert.is(calibrate(confirmed, seen(2000, 0)).headerBytes, 14);
});

test('windows that contradict each other change nothing', () => {
  let calibration = after(seen(2000, 14));
  for (let i = 0; i < 20; i++) calibration = calibrate(calibration, seen(2000, i % 2 === 0 ? 0 : 18));
  assert.is(calibration.headerBytes, 14);
});

test('any mix of packets gives the size away, and it does not flip', () => {
  const tick = fc.record({ packets: fc.nat(3000), size: fc.integer({ min: 40, max: 1500 }) });
  const header = fc.constantFrom(0, 4, 8, 14, 18);
  void fc.assert(
    fc.property(fc.array(tick, { minLength: 1, maxLength: 60 }), header, (ticks, added) => {
      let calibration = uncalibrated();
      let packets = 0;
      for (const { packets: count, size } of ticks) {
        calibration = calibrate(calibration, seen(count, added, size));
        packets += count;
        assert.is(calibration.headerBytes, packets >= 64 ? added : undefined);
      }
    }),
  );
});

test("a link's bytes without what its driver adds", () => {
  assert.is(withoutHeaders(1_414_000, 1000, after(seen(2000, 14))), 1_400_000);
  assert.is(withoutHeaders(1_414_000, 1000, uncalibrated()), 1_414_000);
});

test.run();
