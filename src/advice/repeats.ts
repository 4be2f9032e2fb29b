import type { Basis } from '../protocol/documents.js';
import type { Bytes } from '../units.js';
import type { StepRun } from './types.js';

/**
 * What a warm cache would have spared a step in the period: all that it moved but for its dearest run, which
 * would have filled the cache. An estimate, since packages that were new each time had to be fetched anyway.
 */
export function againstRepeats(history: readonly StepRun[]): {
  savesBytes: Bytes | undefined;
  basis: Basis;
} {
  const known = history.flatMap((run) => run.bytes ?? []);
  if (known.length === 0) return { savesBytes: undefined, basis: 'unknown' };
  const total = known.reduce((sum, bytes) => sum + bytes, 0);
  return { savesBytes: total - Math.max(...known), basis: 'estimated' };
}
