import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCount, parseDuration, parseSince, parseTick } from '../../cli/parse.js';

test('durations, ages, times, counts and ticks are read or refused by name', () => {
  assert.is(parseDuration('1.5h'), 5_400_000);
  assert.is(parseSince('7d', 1_000_000_000_000), 1_000_000_000_000 - 7 * 86_400_000);
  assert.is(parseSince('2026-11-24T09:00Z'), Date.UTC(2026, 10, 24, 9));
  assert.is(parseCount('12'), 12);
  assert.is(parseTick('1s'), 1000);
  for (const wrong of [
    () => parseDuration('5 parsecs'),
    () => parseSince('yesterday'),
    () => parseSince('2026-13-45'),
    () => parseSince('2026-02-31'),
    () => parseSince('2026-02-29T10:00Z'),
    () => parseSince('999999999d'),
    () => parseCount('0'),
    () => parseCount('-1'),
    () => parseTick('1ms'),
  ]) {
    assert.throws(wrong, (error: { code?: string }) => error.code === 'usage');
  }
});

test.run();
