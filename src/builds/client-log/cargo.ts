import { SIZE, sizeIn } from './printed-size.js';
import type { LineReader } from './types.js';

/** `  Downloaded 57 crates (5.1MiB) in 0.41s` (src/cargo/core/package.rs), once, where any was fetched. */
const FETCHED = new RegExp(`^ *Downloaded \\d{1,6} crates? \\(${SIZE}\\) in `);

export const cargo: LineReader = {
  client: 'cargo',
  read(line) {
    const size = sizeIn(line, FETCHED);
    return size === undefined ? [] : [{ kind: 'fetched', size }];
  },
};
