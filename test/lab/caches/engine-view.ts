/** The engine's own account of its build cache and images, over its API: to compare with, and to clean up by. */
import { api } from '../observe/engine-api.js';

export interface EngineRecord {
  ID: string;
  Type: string;
  Description: string;
  InUse: boolean;
  Size: number;
}

/** Sizes every record, which locks cache mounts: never while a build runs. */
export async function engineRecords(): Promise<EngineRecord[]> {
  const text = await api('28', 'GET', '/system/df?type=build-cache');
  return (JSON.parse(text) as { BuildCache: EngineRecord[] | null }).BuildCache ?? [];
}

export async function removeEngineRecords(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const filters = encodeURIComponent(JSON.stringify({ id: { [id]: true } }));
    await api('28', 'POST', `/build/prune?all=1&filters=${filters}`);
  }
}

/** Removes the cache mounts whose description has this word in it. */
export async function removeCachesWith(word: string): Promise<void> {
  const records = await engineRecords();
  await removeEngineRecords(
    records
      .filter(({ Type, Description }) => Type === 'exec.cachemount' && Description.includes(word))
      .map(({ ID }) => ID),
  );
}
