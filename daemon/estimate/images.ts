import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { failureOf } from '../../src/errors.js';
import type { ImageState } from '../../src/estimate/types.js';
import type { EngineFiles } from '../engine-files/engine-files.js';
import type { EngineClient } from '../observe/docker/engine-client.js';
import { asList, asRecord, asText } from '../observe/docker/json-value.js';
import { fetchManifest, type ImageManifest, type RegistrySettings } from './registry.js';

export interface ImageQuestion {
  client: EngineClient;
  /** Undefined where the engine's files cannot be looked at. */
  files: EngineFiles | undefined;
  storageDriver: string | undefined;
  settings: RegistrySettings;
  platform: string | undefined;
  /** Images are looked up anew even when they are local. */
  pull: boolean;
  /** Registries are not asked. */
  offline: boolean;
  /** Descriptions of the layers in BuildKit's cache. */
  layers: readonly string[] | undefined;
  signal: AbortSignal;
}

/** At most so many images of one Dockerfile are asked for, one after the other. */
const MOST_IMAGES = 30;
/** For all of them. */
const PATIENCE_MS = 20_000;

export async function imageStates(
  images: readonly string[],
  question: ImageQuestion,
): Promise<Map<string, ImageState>> {
  const states = new Map<string, ImageState>();
  const patience = AbortSignal.timeout(PATIENCE_MS);
  for (const image of images.slice(0, MOST_IMAGES)) {
    states.set(image, await imageState(image, question, patience));
  }
  return states;
}

async function imageState(
  image: string,
  question: ImageQuestion,
  patience: AbortSignal,
): Promise<ImageState> {
  if (image.includes('$')) return unknown('its name has a variable whose value is not known');
  const local = question.pull ? undefined : await localImage(image, question);
  if (local !== undefined) return local;
  if (question.offline) return withoutRegistry(image, question.layers);
  try {
    const { settings, platform } = question;
    const signal = AbortSignal.any([question.signal, patience]);
    return stateOf(await fetchManifest(image, platform, settings, signal), question);
  } catch (error) {
    question.signal.throwIfAborted();
    return unknown(patience.aborted ? 'registries did not answer in time' : failureOf(error).because);
  }
}

/** In the engine's own store: then BuildKit asks no registry for it. */
async function localImage(image: string, { client, signal }: ImageQuestion): Promise<ImageState | undefined> {
  try {
    const facts = asRecord(await client.getJson(`/images/${encodeURIComponent(image)}/json`, { signal }));
    const digests = asList(facts.RepoDigests).flatMap((each) => asText(each)?.split('@')[1] ?? []);
    return { isPresent: true, digest: digests[0], missingBytes: 0, because: 'the engine has this image' };
  } catch {
    return undefined;
  }
}

/** What BuildKit fetched for a build is in its cache, under the name it was fetched by. */
function withoutRegistry(image: string, layers: readonly string[] | undefined): ImageState {
  const bare = image.replace(/@.*$/, '');
  const isKept = layers?.some((layer) => layer.startsWith('pulled from ') && layer.includes(bare)) ?? false;
  if (!isKept) return unknown('the engine has no such image, and registries are not to be asked (--offline)');
  return {
    isPresent: true,
    digest: undefined,
    missingBytes: 0,
    because: 'an earlier build fetched it, and it is still in the build cache',
  };
}

function stateOf(manifest: ImageManifest, { files, storageDriver }: ImageQuestion): ImageState {
  const { layers, config, diffIds, digest } = manifest;
  const present = files === undefined ? 0 : presentLayers(diffIds, files, storageDriver);
  const missing = layers.slice(present);
  const bytes = missing.reduce((sum, layer) => sum + layer.bytes, 0);
  const because = `${missing.length} of its ${layers.length} layers are missing, compressed ${bytes} bytes by the registry's manifest`;
  if (layers.length > 0 && missing.length === 0) {
    return { isPresent: true, digest, missingBytes: 0, because: 'all its layers are on the engine' };
  }
  return { isPresent: false, digest, missingBytes: bytes + (config?.bytes ?? 0), because };
}

/**
 * How many layers, from the lowest, are in the engine's layer store (`image/<driver>/layerdb`, layer/filestore.go of
 * moby/moby): they are named by the digests of everything up to them (image-spec/config.md, Layer ChainID).
 */
function presentLayers(
  diffIds: readonly string[] | undefined,
  files: EngineFiles,
  driver = 'overlay2',
): number {
  let chain: string | undefined;
  let count = 0;
  for (const diffId of diffIds ?? []) {
    chain =
      chain === undefined
        ? diffId
        : `sha256:${createHash('sha256').update(`${chain} ${diffId}`).digest('hex')}`;
    const hex = chain.replace(/^sha256:/, '');
    if (!/^[0-9a-f]{64}$/.test(hex)) return count;
    if (!existsSync(files.path(files.data(`image/${driver}/layerdb/sha256/${hex}`)))) return count;
    count++;
  }
  return count;
}

function unknown(because: string): ImageState {
  return { isPresent: undefined, digest: undefined, missingBytes: undefined, because };
}
