import type { LineReader } from './types.js';

/**
 * `  - Installing nm-alpha (1.0)`, `  - Updating nm-alpha (1.0 -> 2.0)`: what it puts into the virtual environment,
 * downloaded or not. Recorded with poetry 2.1.2; with colours it has `•` (poetry/installation/executor.py).
 */
const INSTALLED =
  /^ {2}[-•] (?:Installing|Updating|Downgrading) ([\w.-]{1,200}) \((?:\S{1,100} -> )?([\w.+!-]{1,100})(?: \S{1,600})?\)$/;

export const poetry: LineReader = {
  client: 'poetry',
  read(line) {
    const found = INSTALLED.exec(line);
    return found === null ? [] : [{ kind: 'installed', name: `${found[1]} ${found[2]}` }];
  },
};
