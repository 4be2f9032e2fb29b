import { SIZE, sizeIn } from './printed-size.js';
import type { LineReader } from './types.js';

/**
 * `  Downloading https://host/path/foo-1.0-py3-none-any.whl (2.0 MB)` and `  Using cached foo-1.0.tar.gz (12 kB)`;
 * `foo-1.0.whl.metadata (5.0 kB)` is fetched as well. Recorded with pip 25.1; a blank before the unit, which
 * counts by 1000 (pip/_internal/utils/misc.py), tells it from uv.
 */
const NAMED = `\\S{1,1000} \\((?=[^)]* )${SIZE}\\)$`;
const FETCHED = new RegExp(`^ {2,}Downloading ${NAMED}`);
const CACHED = new RegExp(`^ {2,}Using cached ${NAMED}`);

export const pip: LineReader = {
  client: 'pip',
  read(line) {
    const fetched = sizeIn(line, FETCHED);
    if (fetched !== undefined) return [{ kind: 'fetched', size: fetched }];
    const cached = sizeIn(line, CACHED);
    return cached === undefined ? [] : [{ kind: 'cached', size: cached }];
  },
};
