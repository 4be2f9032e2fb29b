import { existsSync, readFileSync, statSync } from 'node:fs';
import { parseImageName } from '../../src/builds/join-images.js';
import type { Bytes } from '../../src/units.js';
import { readBolt } from './bolt-file.js';
import type { EngineFiles } from './engine-files.js';

/** Larger ones are no manifests (registries refuse more than 4 MiB). */
const LARGEST: Bytes = 4 << 20;
const MOST_KEPT = 500;
/** containerd's root: one that the engine runs itself, or the machine's own. */
const CONTAINERD = 'containerd/daemon';
const SYSTEM_CONTAINERD = '/var/lib/containerd';
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/**
 * What a pull of a local image transferred, by its manifest, which engines keep beside the image: BuildKit what it
 * pulled, containerd what `docker pull` did (seen on Engine 28 with graph drivers), and all with containerd's image
 * store. Nothing is asked over the network. Images that were built or imported have none.
 */
export class ImageManifests {
  readonly #files: EngineFiles;
  readonly #driver: string;
  /** By digest and platform: a digest's content never changes. */
  readonly #sizes = new Map<string, Bytes>();

  /** @param driver the graph driver, which is a folder's name */
  constructor(files: EngineFiles, driver = 'overlay2') {
    this.#files = files;
    this.#driver = driver;
  }

  /**
   * Bytes of the layers, the config and the manifest itself, compressed as they travel.
   *
   * @param reference as people write it, perhaps with a digest
   * @param platform such as `linux/arm64/v8`; undefined for this machine's
   */
  pullBytes(reference: string, platform: string | undefined): Bytes | undefined {
    for (const digest of this.#digestsOf(reference)) {
      const key = `${digest} ${platform ?? ''}`;
      const bytes = this.#sizes.get(key) ?? this.#bytesOf(digest, platform);
      if (bytes === undefined) continue;
      if (this.#sizes.size >= MOST_KEPT) this.#sizes.clear();
      this.#sizes.set(key, bytes);
      return bytes;
    }
    return undefined;
  }

  #digestsOf(reference: string): string[] {
    const wanted = parseImageName(reference);
    if (wanted.digest !== undefined) return [wanted.digest];
    return [...this.#digestsOfLocal(wanted.name), ...this.#digestsOfContainerd(wanted.name)];
  }

  /** The image store of graph drivers names an image by its tags and by the digests it was pulled as. */
  #digestsOfLocal(name: string): string[] {
    const names = referencesOf(readJson(this.#data(`image/${this.#driver}/repositories.json`)));
    const image = names.find((each) => parseImageName(each.reference).name === name)?.image;
    if (image === undefined) return [];
    return names
      .filter((each) => each.image === image)
      .flatMap(({ reference }) => parseImageName(reference).digest ?? []);
  }

  /** containerd's metadata (metadata/buckets.go): `v1/<namespace>/images/<name>/target`. */
  #digestsOfContainerd(name: string): string[] {
    return this.#containerdRoots('io.containerd.metadata.v1.bolt/meta.db').flatMap((path) => {
      const digest = readBolt(path, (root) => {
        const images = root.bucket('v1')?.bucket('moby')?.bucket('images');
        return images?.bucket(name)?.bucket('target')?.value('digest')?.toString();
      });
      return digest ?? [];
    });
  }

  #bytesOf(digest: string, platform: string | undefined, depth = 0): Bytes | undefined {
    const blob = this.#blob(digest);
    if (blob === undefined) return undefined;
    const manifest = readJson(blob) as Manifest | undefined;
    const chosen = chosenOf(manifest?.manifests, platform);
    if (chosen !== undefined) return depth === 0 ? this.#bytesOf(chosen, platform, 1) : undefined;
    const parts = [manifest?.config, ...(Array.isArray(manifest?.layers) ? manifest.layers : [undefined])];
    const sizes = parts.map((part) => part?.size);
    if (!sizes.every((size): size is number => Number.isSafeInteger(size) && size! >= 0)) return undefined;
    return sizes.reduce((sum, size) => sum + size, statSync(blob).size);
  }

  #blob(digest: string): string | undefined {
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (hex === undefined) return undefined;
    const paths = [
      this.#files.path(this.#files.buildkit(`content/blobs/sha256/${hex}`)),
      ...this.#containerdRoots(`io.containerd.content.v1.content/blobs/sha256/${hex}`),
    ];
    return paths.find((path) => existsSync(path));
  }

  #containerdRoots(relative: string): string[] {
    return [this.#data(`${CONTAINERD}/${relative}`), this.#files.path(`${SYSTEM_CONTAINERD}/${relative}`)];
  }

  #data(relative: string): string {
    return this.#files.path(this.#files.data(relative));
  }
}

/** A manifest or an index (image-spec). Registries write them: nothing in it is sure. */
interface Manifest {
  config?: { size?: number };
  layers?: ({ size?: number } | undefined)[];
  manifests?: { digest?: string; platform?: { os?: string; architecture?: string; variant?: string } }[];
}

function chosenOf(manifests: Manifest['manifests'], platform: string | undefined): string | undefined {
  if (!Array.isArray(manifests)) return undefined;
  const [os, architecture, variant] = (platform ?? `linux/${ownArchitecture()}`).split('/');
  const fit = manifests.filter(({ platform: its }) => its?.os === os && its?.architecture === architecture);
  const best = fit.find(({ platform: its }) => variant === undefined || its?.variant === variant) ?? fit[0];
  return typeof best?.digest === 'string' ? best.digest : '';
}

function ownArchitecture(): string {
  return ARCHITECTURES[process.arch] ?? process.arch;
}

function referencesOf(store: unknown): { reference: string; image: string }[] {
  const { Repositories: repositories } = (store ?? {}) as { Repositories?: unknown };
  if (typeof repositories !== 'object' || repositories === null) return [];
  return Object.values(repositories).flatMap((references) =>
    Object.entries((references ?? {}) as Record<string, unknown>).flatMap(([reference, image]) =>
      typeof image === 'string' ? [{ reference, image }] : [],
    ),
  );
}

function readJson(path: string): unknown {
  try {
    return statSync(path).size <= LARGEST ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}
