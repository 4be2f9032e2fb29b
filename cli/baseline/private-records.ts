import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheRecordsDocument } from '../../src/protocol/documents.js';

type Record = CacheRecordsDocument['records'][number];

/** Layers of images that were fetched, and what clients sent: the next build has use for them. */
const OF_USE = /^(?:pulled from|from local|local source for) /;
/** The engine lets go of a build's records some time after its end. */
const ROUNDS = 8;
const WAIT_MS = 500;

export interface PrivateRecords {
  /** Record ids before the build. */
  before: ReadonlySet<string>;
  name: string;
  /** No other build ran meanwhile, so that every new layer is this one's. */
  isAlone: boolean;
}

/** What a cold build left behind: its cache mounts, and layers that no other build can use. */
export function privateRecords(
  records: readonly Record[],
  { before, name, isAlone }: PrivateRecords,
): Record[] {
  const fresh = records.filter(({ recordId }) => !before.has(recordId));
  return fresh.filter(({ type, cacheId, description }) => {
    if (cacheId !== null) return cacheId.startsWith(`${name}/`);
    if (description.includes(name)) return true;
    return isAlone && type === 'regular' && !OF_USE.test(description);
  });
}

/**
 * Removes them, those first that no other stands on.
 *
 * @returns those that stayed
 */
export async function removePrivate(
  what: PrivateRecords,
  list: () => Promise<readonly Record[]>,
  remove: (recordIds: readonly string[]) => Promise<unknown>,
): Promise<Record[]> {
  let left: Record[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    left = privateRecords(await list(), what);
    if (left.length === 0) return left;
    if (round > 0) await sleep(WAIT_MS);
    await remove(topFirst(left).map(({ recordId }) => recordId));
  }
  return privateRecords(await list(), what);
}

function topFirst(records: readonly Record[]): Record[] {
  const rest = new Map(records.map((record) => [record.recordId, record]));
  const ordered: Record[] = [];
  while (rest.size > 0) {
    const below = new Set([...rest.values()].flatMap(({ parents }) => parents));
    const tops = [...rest.values()].filter(({ recordId }) => !below.has(recordId));
    // A circle cannot be; were there one, this must end all the same.
    for (const record of tops.length > 0 ? tops : [...rest.values()]) {
      ordered.push(record);
      rest.delete(record.recordId);
    }
  }
  return ordered;
}
