/**
 * From two values of a kernel counter to what was counted between them, or to `undefined` when that
 * cannot be known. There is no other place where counters are subtracted.
 */
import type { Milliseconds } from '../units.js';

export interface CounterLimits {
  /** Nothing counts faster than this, in units per second. */
  perSecond: number;
  /**
   * The driver may keep the value in 32 bits, so that it starts again at 0 after 2^32 − 1. Counters of
   * sockets, namespaces and BPF maps never do.
   */
  may32Wrap: boolean;
}

/** Why a delta is unknowable. */
export type DeltaProblem =
  /** There is no earlier value, or no later one. */
  | 'missing'
  /** The counter started again: what it had counted since the earlier value is lost. */
  | 'reset'
  /** More than its fastest rate allows: the two values are not of the same counter. */
  | 'implausible'
  /** Not a whole number from 0 to 2^53 − 1, beyond which differences are not exact. */
  | 'invalid';

/** 800 Gbit/s: the fastest Ethernet that is specified (IEEE 802.3df-2024). */
const FASTEST_LINK_BYTES = 100e9;
/** Its rate of smallest frames: 64 bytes, and 20 of preamble and gap, each. */
const FASTEST_LINK_PACKETS = FASTEST_LINK_BYTES / 84;

/** Bytes of a 64-bit counter. The rate is generous: veth pairs and loopback are faster than any wire. */
export const BYTES: CounterLimits = { perSecond: FASTEST_LINK_BYTES, may32Wrap: false };
export const PACKETS: CounterLimits = { perSecond: FASTEST_LINK_PACKETS, may32Wrap: false };
/** Counters of a network interface, whose driver may read them from 32-bit registers. */
export const LINK_BYTES: CounterLimits = { ...BYTES, may32Wrap: true };
export const LINK_PACKETS: CounterLimits = { ...PACKETS, may32Wrap: true };

const WRAP = 2 ** 32;
/** 1 Gbit/s: registers of 32 bits went away with slower devices. A full turn takes 34 s at this rate. */
const FASTEST_32_BIT_BYTES = 125e6;
/** Drivers refresh their counters every two seconds or more often, and then in one step. */
const REFRESH_MS = 2000;

const MISSING = -1;
const RESET = -2;
const IMPLAUSIBLE = -3;
const INVALID = -4;
const problems = new Map<number, DeltaProblem>([
  [MISSING, 'missing'],
  [RESET, 'reset'],
  [IMPLAUSIBLE, 'implausible'],
  [INVALID, 'invalid'],
]);

/**
 * What a counter counted between two readings.
 *
 * @param elapsed true time between the readings, suspended time included; see `elapsedBetween`
 * @returns units from 0 to 2^53 − 1, `undefined` when it cannot be known; `deltaProblem` says why
 */
export function counterDelta(
  before: number | undefined,
  now: number | undefined,
  elapsed: Milliseconds,
  limits: CounterLimits,
): number | undefined {
  const delta = judge(before, now, elapsed, limits);
  return delta < 0 ? undefined : delta;
}

/** Why `counterDelta` has no answer to the same arguments; `undefined` when it has one. */
export function deltaProblem(
  before: number | undefined,
  now: number | undefined,
  elapsed: Milliseconds,
  limits: CounterLimits,
): DeltaProblem | undefined {
  return problems.get(judge(before, now, elapsed, limits));
}

/** The delta, or the negative number of a problem: called for every counter on every tick. */
function judge(
  before: number | undefined,
  now: number | undefined,
  elapsed: Milliseconds,
  limits: CounterLimits,
): number {
  if (before === undefined || now === undefined) return MISSING;
  if (!isCount(before) || !isCount(now)) return INVALID;
  const delta = now - before;
  if (delta === 0) return 0;
  // A time that is unknown or runs backwards proves nothing: then only the least is taken for granted.
  const seconds = (elapsed > REFRESH_MS ? elapsed : REFRESH_MS) / 1000;
  if (delta > 0) return delta > limits.perSecond * seconds ? IMPLAUSIBLE : delta;
  if (!limits.may32Wrap || before >= WRAP) return RESET;
  const wrapped = delta + WRAP;
  return wrapped > FASTEST_32_BIT_BYTES * seconds ? RESET : wrapped;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
