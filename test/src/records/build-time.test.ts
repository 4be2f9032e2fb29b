import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTime, timestampOf } from '../../../src/records/progress/build-time.js';

test('times of records', () => {
  assert.is(parseTime('2024-05-29T08:07:46.292638008Z'), 1_716_970_066_292.638);
  assert.is(parseTime('2024-05-29 10:07:46,5 +02:00'), 1_716_970_066_500);
  for (const none of ['0001-01-01T00:00:00Z', 'yesterday', '2024-13-29T08:07:46Z', undefined, 12]) {
    assert.is(parseTime(none), undefined, String(none));
  }
});

test('timestamps of messages', () => {
  assert.is(timestampOf(1_716_970_066, 292_638_008), 1_716_970_066_292.638);
  // The fifth stood in a mutated archive, as 8e999.
  const none = [
    [0, 0],
    [-62_135_596_800, 0],
    [1e300, 0],
    [1, -1],
    [1, Number.POSITIVE_INFINITY],
    [1, 1e9],
    [Number.NaN, 0],
  ];
  for (const [seconds = 0, nanos = 0] of none) {
    assert.is(timestampOf(seconds, nanos), undefined, `${seconds} ${nanos}`);
  }
});

test.run();
