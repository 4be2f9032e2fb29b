import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { holdsLock } from '../../../cli/client/lock-holder.js';

// The shape of proc_locks(5); the last line is a process that waits for the second lock.
const LOCKS = `1: POSIX  ADVISORY  WRITE 300 fe:00:2211937 0 EOF
2: FLOCK  ADVISORY  WRITE 301 00:2c:2211938 0 EOF
3: FLOCK  ADVISORY  READ  302 fe:00:2211939 0 EOF
4: OFDLCK ADVISORY  WRITE -1 fe:00:2211940 0 EOF
2: -> FLOCK  ADVISORY  WRITE 303 00:2c:2211938 0 EOF
`;

test('only the holder of the exclusive lock counts, by process and file', () => {
  assert.is(holdsLock(LOCKS, 301, 2_211_938), true);
  assert.is(holdsLock(LOCKS, 301, 2_211_937), false);
  assert.is(holdsLock(LOCKS, 302, 2_211_938), false);
});

test('other kinds of locks, shared ones and those who wait do not', () => {
  assert.is(holdsLock(LOCKS, 300, 2_211_937), false);
  assert.is(holdsLock(LOCKS, 302, 2_211_939), false);
  assert.is(holdsLock(LOCKS, -1, 2_211_940), false);
  assert.is(holdsLock(LOCKS, 303, 2_211_938), false);
  assert.is(holdsLock('', 1, 1), false);
  assert.is(holdsLock(LOCKS, Number.NaN, 1), false);
});

test.run();
