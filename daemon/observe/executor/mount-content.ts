import { lstatSync, opendirSync } from 'node:fs';
import type { EpochMs } from '../../../src/units.js';

/** Entries looked at. Caches hold few at the top; where there are more, one that is old enough is among the first. */
const MOST_ENTRIES = 32;

/**
 * Whether a directory was empty at `startedAt`, told while it may be written to already: an entry that is older
 * was there before. The clock of file times is coarse, some milliseconds behind (ktime_get_coarse_real_ts64).
 * Undefined when that cannot be told: not readable, times of birth unknown, too many young entries.
 */
export function wasEmpty(directory: string, startedAt: EpochMs): boolean | undefined {
  let names: string[] | undefined;
  try {
    names = firstNames(directory);
    if (names.length === 0) return true;
    for (const name of names) {
      const { birthtimeMs } = lstatSync(`${directory}/${name}`);
      if (birthtimeMs === 0) return undefined;
      if (birthtimeMs < startedAt) return false;
    }
  } catch {
    return undefined;
  }
  return names.length < MOST_ENTRIES ? true : undefined;
}

function firstNames(path: string): string[] {
  const directory = opendirSync(path, { bufferSize: MOST_ENTRIES });
  const names: string[] = [];
  try {
    while (names.length < MOST_ENTRIES) {
      const entry = directory.readSync();
      if (entry === null) break;
      names.push(entry.name);
    }
  } finally {
    directory.closeSync();
  }
  return names;
}
