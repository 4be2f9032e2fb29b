import type { Bytes } from '../units.js';

const UNITS: Readonly<Record<string, Bytes>> = {
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** Bytes of a unit such as `GB`, in letters of either case: kB is 1000, KiB is 1024. Undefined for what is none. */
export function bytesOfUnit(unit: string): Bytes | undefined {
  const key = unit.toLowerCase();
  return Object.hasOwn(UNITS, key) ? UNITS[key] : undefined;
}
