import { performance } from 'node:perf_hooks';
import type { EpochMs, Milliseconds } from '../../src/units.js';
import { bootTime } from '../sys/boot-time.js';

/** The clocks of this machine, as one value that tests can replace. */
export interface Clock {
  /** Wall clock. */
  now(): EpochMs;
  /** Never jumps, and stands still while the machine sleeps. */
  monotonic(): Milliseconds;
  /** Since the kernel started, sleep included. */
  boot(): Milliseconds;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  boot: bootTime,
};
