import { bytesOfUnit } from '../../text/data-units.js';
import type { Bytes } from '../../units.js';
import type { PrintedSize } from './types.js';

/** Beside the usual ones: bytes, and dnf's `345 k`, which counts by 1024 (dnf/cli/format.py). */
const OTHER_UNITS: Readonly<Record<string, Bytes>> = {
  '': 1,
  b: 1,
  bytes: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};
/** Nobody installs that much in one step; what claims more is made up. */
const MOST: Bytes = 1e12;

/** What a size looks like, for use within patterns: a number and perhaps a unit. One group each. */
export const SIZE = '(\\d[\\d,]{0,15}(?:\\.\\d{1,6})?) ?([A-Za-z]{0,5})';

/** `4.0 MB`, `17.2MiB`, `9,183 kB`, `345 k`; undefined when it is no size, or more than there can be. */
export function printedSize(digits: string, unit: string): PrintedSize | undefined {
  const factor = bytesOfUnit(unit) ?? OTHER_UNITS[unit.toLowerCase()];
  if (factor === undefined) return undefined;
  const number = digits.replaceAll(',', '');
  const bytes = Number(number) * factor;
  if (!(bytes <= MOST)) return undefined;
  const decimals = number.includes('.') ? number.length - number.indexOf('.') - 1 : 0;
  const rounding = factor === 1 ? 0 : (factor * 10 ** -decimals) / 2;
  return { bytes: Math.round(bytes), rounding: Math.ceil(rounding) };
}

/** The first size that a pattern with SIZE as its first groups finds. */
export function sizeIn(line: string, pattern: RegExp): PrintedSize | undefined {
  const found = pattern.exec(line);
  return found === null ? undefined : printedSize(found[1]!, found[2]!);
}
