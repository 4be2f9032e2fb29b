import type { EngineState } from '../../src/estimate/types.js';
import type { EngineQuestion } from '../answers/estimates.js';
import { readCacheInventory } from '../engine-files/cache-inventory.js';
import type { EngineFiles } from '../engine-files/engine-files.js';
import type { EngineAddress } from '../observe/docker/engine-address.js';
import { EngineClient } from '../observe/docker/engine-client.js';
import { asRecord, asText } from '../observe/docker/json-value.js';
import { imageStates } from './images.js';
import { registrySettings } from './registry-settings.js';

/** What one engine keeps: BuildKit's layers and cache mounts from its files, images from its API and registries. */
export async function readEngineState(
  address: EngineAddress,
  files: EngineFiles | undefined,
  question: EngineQuestion,
): Promise<EngineState> {
  const inventory = files && readCacheInventory(files);
  const client = new EngineClient(address);
  try {
    await client.negotiate({ signal: question.signal });
    const info = await client.getJson('/info', { signal: question.signal });
    const images = await imageStates(question.images, {
      client,
      files,
      storageDriver: asText(asRecord(info).Driver),
      settings: registrySettings(info),
      platform: question.platform,
      pull: question.pull,
      offline: question.offline,
      layers: inventory?.layers.map(({ description }) => description),
      signal: question.signal,
    });
    return {
      layers: inventory?.layers,
      caches: inventory?.caches.filter((cache) => cache.namespace === question.namespace),
      images,
    };
  } finally {
    client.close();
  }
}
