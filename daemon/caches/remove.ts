import type { RemovedCache } from '../../src/caches/helper.js';
import { NetmeterError } from '../../src/errors.js';
import { postJson } from '../observe/buildkit/hijack.js';
import type { EngineAddress } from '../observe/docker/engine-address.js';
import { asCount, asList, asRecord } from '../observe/docker/json-value.js';

/** Large caches have a million files. */
const PATIENCE_MS = 600_000;
const RECORD_ID = /^[0-9a-z]{10,64}$/;

/**
 * Has the engine remove exactly one record. A record that is mounted at this moment stays, and one that is gone
 * already cannot be removed: in both cases the engine answers that it removed nothing.
 *
 * @throws permission-denied, engine-unreachable and the like
 */
export async function removeRecord(
  address: EngineAddress,
  recordId: string,
  signal: AbortSignal,
): Promise<RemovedCache> {
  // The engine takes it for a regular expression.
  if (!RECORD_ID.test(recordId)) throw new NetmeterError('usage', `${recordId} is no record's id`);
  const filters = encodeURIComponent(JSON.stringify({ id: { [recordId]: true } }));
  const answer = asRecord(
    await postJson(
      address,
      { path: `/build/prune?all=1&filters=${filters}`, deadlineMs: PATIENCE_MS },
      signal,
    ),
  );
  const removed = asList(answer.CachesDeleted).includes(recordId);
  return { recordId, removed, freedBytes: removed ? (asCount(answer.SpaceReclaimed) ?? null) : null };
}
