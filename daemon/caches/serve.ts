import { cachesDocument } from '../../src/caches/document.js';
import type { CacheRequest, CacheResults } from '../../src/caches/helper.js';
import { holdersOf } from '../../src/caches/holders.js';
import type { CachesDocument } from '../../src/protocol/documents.js';
import { locationOf } from '../answers/caches.js';
import { EngineFiles } from '../engine-files/engine-files.js';
import type { EngineAddress } from '../observe/docker/engine-address.js';
import { EngineSession } from '../observe/docker/engine-session.js';
import { readCatalogue, SizeBook } from './catalogue.js';
import { readExecutions } from './executions.js';
import { removeRecord } from './remove.js';
import { readCollectionRules } from './rules.js';

const PROC = '/proc';

/** Answers one request without a daemon, with the rights of this process. */
export async function serve(
  address: EngineAddress,
  request: CacheRequest,
  signal: AbortSignal,
): Promise<CacheResults[CacheRequest['operation']]> {
  if (request.operation === 'list') return list(address, signal);
  const removed: CacheResults['remove'] = [];
  for (const recordId of request.params.recordIds)
    removed.push(await removeRecord(address, recordId, signal));
  return removed;
}

async function list(address: EngineAddress, signal: AbortSignal): Promise<CachesDocument> {
  const session = new EngineSession(address, PROC);
  try {
    const { engine } = await session.connect(undefined, signal);
    const files = new EngineFiles(locationOf(engine, address.name), PROC);
    const now = Date.now();
    const holders = holdersOf(readExecutions(files, PROC, now), []);
    const rules = await readCollectionRules(address);
    const input = { files, holders, targets: () => [], rules, now };
    const catalogue = await readCatalogue(input, new SizeBook());
    return cachesDocument({ ...catalogue, uses: new Map(), saved: new Map() });
  } finally {
    session.close();
  }
}
