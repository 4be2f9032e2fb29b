import type { CollectionRule } from '../../src/caches/collect.js';
import { connectBuildkit } from '../observe/buildkit/connection.js';
import type { EngineAddress } from '../observe/docker/engine-address.js';

const PATIENCE_MS = 5000;

/** The rules of the engine's garbage collection as it tells them; undefined when it does not. */
export async function readCollectionRules(address: EngineAddress): Promise<CollectionRule[] | undefined> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const connection = await connectBuildkit(address, signal);
    try {
      return await connection.collectionRules(signal);
    } finally {
      connection.close();
    }
  } catch {
    // What is pruned next is then not known; everything else still is.
    return undefined;
  }
}
