// Rates and second by second figures from samples of any length.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RateHistory, RecentRate } from '../../../src/live/rates.js';

const moved = (rxBytes: number, txBytes = 0) => ({ rxBytes, txBytes });

test('a rate is what moved in the last two seconds', () => {
  const rate = new RecentRate();
  for (let second = 0; second < 10; second++) {
    rate.add({ from: second * 1000, to: (second + 1) * 1000 }, moved(1000 * second, 10));
  }
  assert.equal(rate.rate(10_000), { rx: 8500, tx: 10 });
});

test('it goes down to nothing when nothing more moves', () => {
  const rate = new RecentRate();
  rate.add({ from: 0, to: 1000 }, moved(4000));
  assert.is(rate.rate(1000).rx, 2000);
  assert.is(rate.rate(2000).rx, 2000);
  assert.is(rate.rate(2500).rx, 1000);
  assert.is(rate.rate(3000).rx, 0);
});

test('what moved while the daemon was away never looks like a burst', () => {
  const rate = new RecentRate();
  rate.add({ from: 0, to: 3_600_000 }, moved(3_600_000));
  assert.is(Math.round(rate.rate(3_600_000).rx), 1000);
  const history = new RateHistory();
  history.add({ from: 0, to: 3_600_000 }, 3_600_000);
  assert.equal(history.last(3, 3_600_000), [1000, 1000, 1000]);
});

test('seconds that nothing moved in are 0, and a second that is not over is not shown', () => {
  const history = new RateHistory();
  history.add({ from: 1000, to: 2000 }, 70);
  history.add({ from: 4000, to: 4500 }, 5);
  assert.equal(history.last(4, 4500), [0, 70, 0, 0]);
  assert.equal(history.last(1, 5000), [5]);
});

test('however samples cut time, no byte is lost or counted twice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.nat(1_000_000)), {
        minLength: 1,
        maxLength: 40,
      }),
      (samples) => {
        const history = new RateHistory();
        let at = 0;
        for (const [length, bytes] of samples) {
          history.add({ from: at, to: at + length }, bytes);
          at += length;
        }
        const total = samples.reduce((sum, [, bytes]) => sum + bytes, 0);
        const shown = history.last(119, Math.ceil(at / 1000) * 1000).reduce((sum, bytes) => sum + bytes, 0);
        // Each second is rounded for itself; what is older than two minutes is gone.
        if (at < 110_000) assert.ok(Math.abs(shown - total) <= 60, `${shown} of ${total}`);
        else assert.ok(shown <= total + 60);
      },
    ),
  );
});

test.run();
