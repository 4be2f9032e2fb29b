import type { Bytes } from '../units.js';

/** Watt-hours per 10^9 bytes. */
const WATT_HOURS_PER_GIGABYTE = 60;

export const ENERGY_SOURCE =
  `${WATT_HOURS_PER_GIGABYTE} Wh/GB, fixed-line networks in 2015 (Aslan, Mayers, Koomey, France: Electricity ` +
  'Intensity of Internet Data Transmission, J. Ind. Ecol. 22, 2018, doi:10.1111/jiec.12630); it halved about ' +
  'every two years until then, and mobile networks take more';

export function wattHours(bytes: Bytes): number {
  return (bytes / 1e9) * WATT_HOURS_PER_GIGABYTE;
}
