/** Which warnings a budget has to give now, each once: what was given is handed in, and what is given, out. */
import type { Bytes } from '../units.js';

/** Shares of a budget, in percent. */
export const THRESHOLDS: readonly number[] = [50, 80, 95];
/** A threshold that was passed is given anew only after use fell so far below it, as after a larger budget. */
const FALL_BACK = 5;
/** The forecast has to be so far above the budget, and then below it, in shares of it. */
const FORECAST_ABOVE = 1.02;
const FORECAST_BELOW = 0.9;

/** What has been warned of and still holds. */
export interface Given {
  /** Thresholds of this cycle. */
  thresholds: readonly number[];
  forecast: boolean;
}

export interface Decision {
  /** The highest threshold that was passed just now; those below it are not told one by one. */
  threshold: number | undefined;
  forecast: boolean;
  /** To be handed in the next time. */
  given: Given;
}

export function decide(
  usedBytes: Bytes,
  limitBytes: Bytes,
  forecastBytes: Bytes | undefined,
  given: Given,
): Decision {
  const percent = (100 * usedBytes) / limitBytes;
  const kept = given.thresholds.filter((threshold) => percent >= threshold - FALL_BACK);
  const passed = THRESHOLDS.filter((threshold) => percent >= threshold && !kept.includes(threshold));
  const thresholds = [...kept, ...passed].toSorted((a, b) => a - b);
  const forecast = forecastHolds(limitBytes, forecastBytes, given.forecast);
  // Who knows that it is nearly used up need not hear that it will be.
  const worthTelling = percent < Math.max(...THRESHOLDS);
  return {
    threshold: passed.at(-1),
    forecast: forecast && !given.forecast && worthTelling,
    given: { thresholds, forecast: forecast && (given.forecast || worthTelling) },
  };
}

function forecastHolds(limitBytes: Bytes, forecastBytes: Bytes | undefined, held: boolean): boolean {
  if (forecastBytes === undefined) return held;
  return forecastBytes > limitBytes * (held ? FORECAST_BELOW : FORECAST_ABOVE);
}
