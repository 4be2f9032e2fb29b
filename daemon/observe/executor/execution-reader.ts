import type { Execution, ExecutionMount, LayerRecord } from '../../../src/builds/types.js';
import type { EpochMs } from '../../../src/units.js';
import { BaseImages } from '../../engine-files/base-images.js';
import {
  type RecordedFacts,
  type RecordedLayer,
  readCacheRecords,
} from '../../engine-files/cache-records.js';
import type { EngineFiles } from '../../engine-files/engine-files.js';
import { SnapshotNames } from '../../engine-files/snapshot-names.js';
import { SnapshotPaths, type SnapshotStack } from '../../engine-files/snapshot-paths.js';
import { type ExecutorSpec, parseSpec, type SpecMount } from './executor-spec.js';
import { wasEmpty } from './mount-content.js';

/** How BuildKit describes an image's layer. One that several images share bears the name of the first. */
const IMAGE_LAYER = /^(?:from local|pulled from) /;

interface Volume {
  mount: ExecutionMount;
  /** BuildKit's record of its snapshot. */
  recordId: string | undefined;
}

/** Makes an Execution of an executor's config.json, the engine's mounts and BuildKit's records. */
export class ExecutionReader {
  readonly #files: EngineFiles;
  readonly #snapshots: SnapshotPaths;
  readonly #names: SnapshotNames;
  readonly #images: BaseImages;

  constructor(files: EngineFiles) {
    this.#files = files;
    this.#snapshots = new SnapshotPaths(files);
    this.#names = new SnapshotNames(files);
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
    const volumes = spec.mounts.map((mount) => this.#volume(mount, mountInfo, seenAt));
    const stack = this.#snapshots.stackAt(spec.rootPath, mountInfo);
    const upperRecord = stack === undefined ? undefined : this.#recordId(stack.upperId, stack.directories);
    const facts = this.#records(upperRecord, volumes);
    return {
      id,
      engine: this.#files.location.engine,
      ...this.#process(spec),
      mounts: volumes.map((volume) => toMount(volume, facts)),
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

  #volume({ target, source, type, options }: SpecMount, mountInfo: string, seenAt: EpochMs): Volume {
    const readOnly = options.includes('ro');
    const mount = { target, source, type, readOnly, emptyAtStart: undefined };
    const snapshot = type === 'bind' ? this.#snapshot(source, mountInfo) : undefined;
    if (snapshot === undefined) return { mount: { ...mount, snapshotId: undefined }, recordId: undefined };
    const { id: snapshotId, path, recordId } = snapshot;
    const emptyAtStart = readOnly ? undefined : wasEmpty(this.#files.path(source), seenAt);
    return { mount: { ...mount, snapshotId, path, emptyAtStart }, recordId };
  }

  /** A volume is in a snapshot's own directory, or mounted from it (or from several) at a directory made for it. */
  #snapshot(source: string, mountInfo: string) {
    const within = this.#snapshots.within(source);
    if (within !== undefined) return { ...within, recordId: this.#recordId(within.id, [source]) };
    const stack = this.#snapshots.stackAt(source, mountInfo);
    const id = stack?.upperId ?? stack?.lowerIds[0];
    if (stack === undefined || id === undefined) return undefined;
    return { id, path: stack.path, recordId: this.#recordId(id, stack.directories) };
  }

  /** Graph drivers name a snapshot by BuildKit's record of it. */
  #recordId(id: string | undefined, [top, below]: SnapshotStack['directories']): string | undefined {
    return id !== undefined && /^\d+$/.test(id) && top !== undefined ? this.#names.nameOf(top, below) : id;
  }

  #records(upperRecord: string | undefined, volumes: readonly Volume[]): RecordedFacts | undefined {
    const ids = volumes.flatMap(({ recordId }) => recordId ?? []);
    try {
      return readCacheRecords(this.#files, upperRecord, ids);
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

/** A cache mount goes by its record, which stays; other snapshots by what layers are told apart by. */
function toMount({ mount, recordId }: Volume, facts: RecordedFacts | undefined): ExecutionMount {
  const cache = recordId === undefined ? undefined : facts?.caches.get(recordId);
  if (cache === undefined) return mount;
  // A directory that filled up before it was looked at says nothing; its record's age does.
  const emptyAtStart = mount.emptyAtStart ?? (cache.isNew ? true : undefined);
  return { ...mount, snapshotId: recordId, cacheId: cache.id, emptyAtStart };
}
