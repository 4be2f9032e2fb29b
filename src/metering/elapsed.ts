/**
 * The time between two samples, whatever the wall clock did meanwhile: it may have been set, the machine
 * may have slept, the daemon may have been stopped.
 */
import type { EpochMs, Interval, Milliseconds } from '../units.js';

/** One moment by two clocks. */
export interface Instant {
  /** The wall clock. */
  wall: EpochMs;
  /** Time since the kernel started, suspended time included (CLOCK_BOOTTIME, `/proc/uptime`). */
  boot: Milliseconds;
}

export interface Elapsed {
  /** True time between the two, never negative. */
  ms: Milliseconds;
  /** Ends at the later instant's wall clock and is as long as the true time: what a row is dated with. */
  interval: Interval;
  /** The wall clock was set in between. By how much: positive when it was set forward. */
  clockJump: Milliseconds | undefined;
  /** Longer than a tick should be: a sleeping machine, a stopped process, a daemon that was down. */
  gap: boolean;
}

/** Clocks are disciplined by at most 500 ppm (ntp_adjtime(3)), and read a moment apart. */
const DISCIPLINE = 500e-6;
const READ_APART_MS = 250;
/** Ticks that may be missed under load before a long interval is called a gap. */
const MISSED_TICKS = 5;

/**
 * @param from an earlier sample of the same boot
 * @param tick the sampling period
 */
export function elapsedBetween(from: Instant, to: Instant, tick: Milliseconds): Elapsed {
  const ms = Math.max(0, to.boot - from.boot);
  const drift = to.wall - from.wall - ms;
  const jumped = Math.abs(drift) > READ_APART_MS + ms * DISCIPLINE;
  return {
    ms,
    interval: { from: jumped ? to.wall - ms : from.wall, to: to.wall },
    clockJump: jumped ? drift : undefined,
    gap: ms > tick * MISSED_TICKS,
  };
}
