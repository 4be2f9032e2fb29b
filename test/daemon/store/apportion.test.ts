import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Apportioner } from '../../../daemon/store/apportion.js';

const weights = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 6 });
const amounts = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1e12 })), {
  maxLength: 60,
});

test('parts are whole, not negative, add up, and stay close to their shares', () => {
  fc.assert(
    fc.property(weights, amounts, (some, numbers) => {
      const total = some.reduce((sum, weight) => sum + weight, 0);
      fc.pre(total > 0);
      const shares = some.map((weight) => weight / total);
      const apportioner = new Apportioner(shares);
      const sums = shares.map(() => 0);
      let whole = 0;
      for (const number of numbers) {
        const parts = apportioner.split(number);
        assert.is(parts.length, shares.length);
        assert.ok(parts.every((part) => Number.isSafeInteger(part) && part >= 0));
        assert.is(
          parts.reduce((sum, part) => sum + part, 0),
          number,
        );
        parts.forEach((part, place) => {
          sums[place]! += part;
          if (shares[place] === 0) assert.is(part, 0);
        });
        whole += number;
      }
      shares.forEach((share, place) => {
        const off = Math.abs(sums[place]! - whole * share);
        assert.ok(off < shares.length + 0.01, `${sums[place]} of ${whole} is ${off} off ${share}`);
      });
    }),
    { numRuns: 500 },
  );
});

test('ones are dealt out in turn', () => {
  const apportioner = new Apportioner([0.5, 0.25, 0.25]);
  const sums = [0, 0, 0];
  for (let index = 0; index < 400; index++) {
    apportioner.split(1).forEach((part, place) => {
      sums[place]! += part;
    });
  }
  assert.equal(sums, [200, 100, 100]);
});

test.run();
