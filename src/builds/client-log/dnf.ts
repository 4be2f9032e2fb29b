import { printedSize, SIZE, sizeIn } from './printed-size.js';
import type { LineReader, Statement } from './types.js';

/**
 * dnf 4, yum (dnf/cli/output.py): `Total size: 12 M` only where some packages are there already, and
 * `Total download size: 5.1 M` for the rest. What is missing is fetched: dnf ends where it cannot.
 */
const ALL = new RegExp(`^Total size: ${SIZE}$`);
const MISSING = new RegExp(`^Total download size: ${SIZE}$`);
/** dnf 5: `Total size of inbound packages is 12 MiB. Need to download 5 MiB.` */
const BOTH = new RegExp(`^Total size of inbound packages is ${SIZE}\\. Need to download ${SIZE}\\.$`);

export const dnf: LineReader = {
  client: 'dnf',
  read(line) {
    const both = BOTH.exec(line);
    if (both !== null) return inbound(both);
    const all = sizeIn(line, ALL);
    if (all !== undefined) return [{ kind: 'needed', size: all }];
    const missing = sizeIn(line, MISSING);
    return missing === undefined ? [] : [{ kind: 'fetched', size: missing }];
  },
};

function inbound([, allDigits, allUnit, digits, unit]: RegExpExecArray): Statement[] {
  const all = printedSize(allDigits!, allUnit!);
  const missing = printedSize(digits!, unit!);
  if (all === undefined || missing === undefined || all.bytes < missing.bytes) return [];
  return [
    { kind: 'needed', size: all },
    { kind: 'fetched', size: missing },
  ];
}
