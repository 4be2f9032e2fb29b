import { SIZE, sizeIn } from './printed-size.js';
import type { LineReader } from './types.js';

/** `Downloaded from central: https://host/path/foo-1.0.jar (43 kB at 1.2 MB/s)`, perhaps after `[INFO] `. */
const FETCHED = new RegExp(
  `^(?:\\[INFO\\] )?Downloaded(?: from [\\w.-]{1,200})?: \\S{1,1000} \\(${SIZE} at `,
);

export const maven: LineReader = {
  client: 'maven',
  read(line) {
    const size = sizeIn(line, FETCHED);
    return size === undefined ? [] : [{ kind: 'fetched', size }];
  },
};
