import type { Step } from '../builds/types.js';
import { savedPerCache } from '../savings/per-cache.js';
import type { StepLedger } from '../savings/types.js';
import type { Bytes } from '../units.js';

/**
 * What caches saved so far, by record. One that saved nothing has 0, one of whose steps nobody can say what they
 * saved has no entry unless other steps of it are known to have saved something.
 */
export function savedByRecord(pages: readonly { step: Step; page: StepLedger }[]): Map<string, Bytes> {
  const saved = new Map<string, Bytes>();
  const unknown = new Set<string>();
  for (const { step, page } of pages) {
    for (const { recordId } of step.cacheMounts) {
      if (recordId === undefined) continue;
      if (page.isUnknown || page.savings === undefined) unknown.add(recordId);
      else saved.set(recordId, saved.get(recordId) ?? 0);
    }
  }
  for (const { recordId, bytes } of savedPerCache(pages)) {
    if (recordId !== undefined) saved.set(recordId, (saved.get(recordId) ?? 0) + bytes);
  }
  for (const recordId of unknown) if (saved.get(recordId) === 0) saved.delete(recordId);
  return saved;
}
