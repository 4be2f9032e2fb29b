import { printedSize, SIZE, sizeIn } from './printed-size.js';
import type { LineReader, Statement } from './types.js';

/**
 * `Need to get 59.4 kB/306 kB of archives.` of apt-get, `  Download size: 161 kB / 240 kB` of apt 3: what is to be
 * fetched, and what it is with that which lies in the archive cache; without a second size nothing lies there.
 * Recorded with apt 3.0.4; apt-pkg/contrib/strutl.cc counts by 1000.
 */
const NEED = new RegExp(`^(?:Need to get|  Download size:) ${SIZE}(?: ?/ ?${SIZE})?(?: of archives\\.)?$`);
/** `Fetched 436 kB in 0s (33.5 MB/s)`, of `update` and of `install`. */
const FETCHED = new RegExp(`^Fetched ${SIZE} in `);

export const apt: LineReader = {
  client: 'apt',
  read(line) {
    const fetched = sizeIn(line, FETCHED);
    if (fetched !== undefined) return [{ kind: 'fetched', size: fetched }];
    const need = NEED.exec(line);
    return need === null ? [] : needed(need);
  },
};

function needed([, digits, unit, allDigits, allUnit]: RegExpExecArray): Statement[] {
  const missing = printedSize(digits!, unit!);
  const all = allDigits === undefined ? missing : printedSize(allDigits, allUnit!);
  if (missing === undefined || all === undefined || all.bytes < missing.bytes) return [];
  const rounding = all === missing ? 0 : all.rounding + missing.rounding;
  return [
    { kind: 'needed', size: all },
    { kind: 'cached', size: { bytes: all.bytes - missing.bytes, rounding } },
  ];
}
