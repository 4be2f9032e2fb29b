import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { EngineFiles } from './engine-files.js';

/** Names looked at; on machines with more, some images stay without. */
const MOST_IMAGES = 2000;

/**
 * Names of the engine's local images by the identity of their layers, read from its image store
 * (`image/<driver>/repositories.json` and `imagedb`, image/store.go of moby/moby). Steps on different base images
 * that were there already are told apart by it: BuildKit calls such layers `from local`, without a name.
 * With containerd's image store these files are not there, and there is nothing to tell.
 */
export class BaseImages {
  readonly #files: EngineFiles;
  readonly #driver: string;
  #chainIds = new Map<string, string | undefined>();
  #names = new Map<string, string[]>();
  #readAt: number | undefined;

  /** @param driver the graph driver, which is the folder's name */
  constructor(files: EngineFiles, driver = 'overlay2') {
    this.#files = files;
    this.#driver = driver;
  }

  /** Names such as `python:3.13-slim` of the images whose uppermost layer has this chain id. */
  named(chainId: string): string[] {
    this.#refresh();
    return this.#names.get(chainId) ?? [];
  }

  #refresh(): void {
    const path = this.#path('repositories.json');
    const changedAt = changeOf(path);
    if (changedAt === undefined || changedAt === this.#readAt) return;
    this.#readAt = changedAt;
    const chainIds = new Map<string, string | undefined>();
    const names = new Map<string, string[]>();
    for (const [name, image] of imageNames(path).slice(0, MOST_IMAGES)) {
      const chainId = this.#chainIds.has(image) ? this.#chainIds.get(image) : this.#chainIdOf(image);
      chainIds.set(image, chainId);
      if (chainId !== undefined) names.set(chainId, [...(names.get(chainId) ?? []), name]);
    }
    this.#chainIds = chainIds;
    this.#names = names;
  }

  #chainIdOf(image: string): string | undefined {
    const digest = /^sha256:([0-9a-f]{64})$/.exec(image)?.[1];
    if (digest === undefined) return undefined;
    const config = readJson(this.#path(`imagedb/content/sha256/${digest}`)) as
      | { rootfs?: { diff_ids?: unknown } }
      | undefined;
    const layers = config?.rootfs?.diff_ids;
    return Array.isArray(layers) && layers.length > 0 ? chainIdOf(layers.map(String)) : undefined;
  }

  #path(relative: string): string {
    return this.#files.path(this.#files.data(`image/${this.#driver}/${relative}`));
  }
}

/** Identity of a stack of layers (image-spec/config.md, Layer ChainID). */
function chainIdOf(diffIds: string[]): string | undefined {
  return diffIds.reduce(
    (below, layer) => `sha256:${createHash('sha256').update(`${below} ${layer}`).digest('hex')}`,
  );
}

function imageNames(path: string): [name: string, image: string][] {
  const { Repositories: repositories } = (readJson(path) ?? {}) as { Repositories?: unknown };
  if (typeof repositories !== 'object' || repositories === null) return [];
  const names: [string, string][] = [];
  for (const references of Object.values(repositories)) {
    for (const [name, image] of Object.entries((references ?? {}) as Record<string, unknown>)) {
      if (typeof image === 'string') names.push([name, image]);
    }
  }
  return names;
}

function changeOf(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
