import { existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EpochMs } from '../../src/units.js';
import { COMPANIONS } from './database-file.js';

/**
 * Moves a damaged database and the files that belong to it out of the way, together under one new name,
 * so that `sqlite3` can still open what is left. Nothing is overwritten.
 * @returns its new path
 */
export function setAside(path: string, now: EpochMs): string {
  const target = freeName(path, now);
  // The database last: without it, what is left of an interrupted move is not taken for whole.
  for (const companion of [...COMPANIONS, '']) {
    if (existsSync(path + companion)) renameSync(path + companion, target + companion);
  }
  return target;
}

function freeName(path: string, now: EpochMs): string {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? '' : `-${number}`;
    const name = join(dirname(path), `netmeter-damaged-${stamp}${suffix}.db`);
    if (['', ...COMPANIONS].every((companion) => !existsSync(name + companion))) return name;
  }
}
