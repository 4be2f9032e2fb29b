import type { Execution, ExecutionMount, LayerRecord } from '../../../src/builds/types.js';
import type { EpochMs } from '../../../src/units.js';
import { BaseImages } from './base-images.js';
import { type RecordedFacts, type RecordedLayer, readCacheRecords } from './cache-records.js';
import type { EngineFiles } from './engine-files.js';
import { type ExecutorSpec, parseSpec, type SpecMount } from './executor-spec.js';
import { wasEmpty } from './mount-content.js';
import { SnapshotPaths } from './snapshot-paths.js';

/** How BuildKit describes an image's layer. One that several images share bears the name of the first. */
const IMAGE_LAYER = /^(?:from local|pulled from) /;

/** Makes an Execution of an executor's config.json, the engine's mounts and BuildKit's records. */
export class ExecutionReader {
  readonly #files: EngineFiles;
  readonly #snapshots: SnapshotPaths;
  readonly #images: BaseImages;

  constructor(files: EngineFiles) {
    this.#files = files;
    this.#snapshots = new SnapshotPaths(files);
    this.#images = new BaseImages(files);
  }

  /**
   * Undefined when the text is not whole.
   * @param seenAt when the executor's folder came
   */
  read(id: string, config: string, seenAt: EpochMs): Execution | undefined {
    const spec = parseSpec(config, id);
    if (spec === undefined) return undefined;
    // First of all what the step itself changes: its caches may be filled the next moment.
    const mountInfo = this.#files.mountInfo() ?? '';
    const mounts = spec.mounts.map((mount) => this.#mount(mount, mountInfo, seenAt));
    const stack = this.#snapshots.stackAt(spec.rootPath, mountInfo);
    const facts = this.#records(stack?.upperId, mounts);
    return {
      id,
      engine: this.#files.location.engine,
      ...this.#process(spec),
      mounts: mounts.map((mount) => withCacheId(mount, facts)),
      upperId: stack?.upperId,
      lowerIds: stack?.lowerIds ?? [],
      lineage: facts?.lineage?.map((layer) => this.#withImages(layer)),
      preparedAt: facts?.preparedAt,
      seenAt,
      goneAt: undefined,
    };
  }

  #process({ args, env, cwd, hostname, cgroupPath }: ExecutorSpec) {
    return { args, env, cwd, hostname, cgroupPath };
  }

  #mount({ target, source, type, options }: SpecMount, mountInfo: string, seenAt: EpochMs): ExecutionMount {
    const readOnly = options.includes('ro');
    const { id: snapshotId, path } = (type === 'bind' && this.#volume(source, mountInfo)) || {};
    const emptyAtStart =
      snapshotId === undefined || readOnly ? undefined : wasEmpty(this.#files.path(source), seenAt);
    return { target, source, type, readOnly, snapshotId, path, emptyAtStart };
  }

  /** A volume is in a snapshot's own directory, or mounted from it (or from several) at a directory made for it. */
  #volume(source: string, mountInfo: string): { id?: string | undefined; path?: string } | undefined {
    const within = this.#snapshots.within(source);
    if (within !== undefined) return within;
    const stack = this.#snapshots.stackAt(source, mountInfo);
    const id = stack?.upperId ?? stack?.lowerIds[0];
    return id === undefined ? undefined : { id, path: stack?.path ?? '/' };
  }

  #records(upperId: string | undefined, mounts: readonly ExecutionMount[]): RecordedFacts | undefined {
    const ids = mounts.flatMap(({ snapshotId }) => snapshotId ?? []);
    try {
      return readCacheRecords(this.#files, upperId, ids);
    } catch {
      // They only help to tell steps apart; without them the rest still does.
      return undefined;
    }
  }

  #withImages({ id, description, createdAt, chainId }: RecordedLayer): LayerRecord {
    const known = chainId !== undefined && IMAGE_LAYER.test(description);
    return { id, description, createdAt, images: known ? this.#images.named(chainId) : [] };
  }
}

function withCacheId(mount: ExecutionMount, facts: RecordedFacts | undefined): ExecutionMount {
  const cacheId = mount.snapshotId === undefined ? undefined : facts?.cacheIds.get(mount.snapshotId);
  return cacheId === undefined ? mount : { ...mount, cacheId };
}
