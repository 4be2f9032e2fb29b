import type { CacheDocument, CachesDocument } from '../../../src/protocol/documents.js';
import type { Cleanup, Netmeter } from '../harness/index.js';
import { removeCachesWith } from './engine-view.js';

/** A word for ids, unlike any other run's; `cleanup` removes the caches that have it. */
export function mark(cleanup: Cleanup): string {
  const word = `caches-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  cleanup.defer(() => removeCachesWith(word));
  return word;
}

/** The caches that have the word in their id, as netmeter lists them. */
export async function listed(netmeter: Netmeter, word: string): Promise<CacheDocument[]> {
  const { caches } = await netmeter.json<CachesDocument>(['cache', 'ls']);
  return caches.filter(({ id }) => id.includes(word));
}
