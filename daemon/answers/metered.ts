import type { EpochMs } from '../../src/units.js';
import { COUNTED_SINCE } from '../store/counted-since.js';
import type { Store } from '../store/types.js';

/**
 * Whether bytes were counted shortly before an instant, as far as that is known without rows: netmeter may
 * have counted before its latest gap, too, but then nothing moved, or nobody looked.
 */
export async function wasMetered(store: Pick<Store, 'meta'>, at: EpochMs): Promise<boolean> {
  const since = await store.meta(COUNTED_SINCE);
  return since === undefined || at > Number(since);
}
