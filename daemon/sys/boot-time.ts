import type { Milliseconds } from '../../src/units.js';
import { NativeStruct } from './native-struct.js';
import { syscall } from './syscall.js';

/** linux/time.h */
const CLOCK_BOOTTIME = 7;
/** struct timespec */
const time = new NativeStruct(16);

/** Since the kernel started, sleep included. Node's `os.uptime` opens a file for it, and tells hundredths of seconds. */
export function bootTime(): Milliseconds {
  syscall('clock_gettime', 'CLOCK_BOOTTIME', CLOCK_BOOTTIME, time);
  return time.getU64(0) * 1000 + time.getU64(8) / 1e6;
}
