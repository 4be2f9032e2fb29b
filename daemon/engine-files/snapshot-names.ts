import { type BoltBucket, readBolt } from './bolt-file.js';
import type { EngineFiles } from './engine-files.js';

/** `/…/io.containerd.snapshotter.v1.overlayfs/snapshots/12/fs`, or below a folder of buildkitd's own. */
const SNAPSHOT = /^(.*)\/snapshots\/(\d+)\/fs(?:\/|$)/;
/** Last part of `<namespace>/<number>/<record id>`, the name that BuildKit gave; of a read-only view without its mark. */
const NAME = /([^/]+?)(?:-view)?$/;
/** How many names are remembered. */
const MOST_NAMES = 8192;

/**
 * BuildKit's names of containerd's snapshots, whose directories only bear numbers: from the snapshotter's own
 * database (containerd, core/snapshots/storage: `v1/snapshots/<name>` has the number, `v1/parents` leads from number
 * to name). A number stays for good, the name of a step's writable layer changes when it is committed.
 */
export class SnapshotNames {
  readonly #files: EngineFiles;
  /** Names of snapshots without a parent, by database and number: those are found by looking at all. */
  #roots = new Map<string, string>();

  constructor(files: EngineFiles) {
    this.#files = files;
  }

  /**
   * @param path a snapshot's directory, as the engine sees it
   * @param parentPath the directory of the layer right below it, if there is one
   */
  nameOf(path: string, parentPath: string | undefined): string | undefined {
    const [, folder, number] = SNAPSHOT.exec(path) ?? [];
    if (folder === undefined || number === undefined) return undefined;
    const database = this.#files.path(`${folder}/metadata.db`);
    const parent = parentPath === undefined ? undefined : SNAPSHOT.exec(parentPath)?.[2];
    const name =
      parent === undefined
        ? this.#rootName(database, number)
        : readBolt(database, (root) =>
            root
              .bucket('v1')
              ?.bucket('parents')
              ?.value(Buffer.concat([uvarint(Number(parent)), ZERO, uvarint(Number(number))]))
              ?.toString(),
          );
    return name === undefined ? undefined : NAME.exec(name)?.[1];
  }

  #rootName(database: string, number: string): string | undefined {
    const key = `${database}#${number}`;
    const known = this.#roots.get(key);
    if (known !== undefined) return known;
    const names = readBolt(database, (root) => rootNames(root));
    if (names === undefined || names.size > MOST_NAMES) return undefined;
    this.#roots = new Map([...names].map(([id, name]) => [`${database}#${id}`, name]));
    return this.#roots.get(key);
  }
}

function rootNames(root: BoltBucket): Map<number, string> {
  const names = new Map<number, string>();
  const snapshots = root.bucket('v1')?.bucket('snapshots');
  for (const name of snapshots?.bucketNames() ?? []) {
    const snapshot = snapshots?.bucket(name);
    const id = snapshot?.value('id');
    if (id !== undefined && snapshot?.value('parent') === undefined) names.set(readUvarint(id), name);
  }
  return names;
}

const ZERO = Buffer.of(0);

/** Go's encoding/binary: seven bits a byte, the lowest first. */
function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.of(...bytes, rest);
}

function readUvarint(bytes: Buffer): number {
  let value = 0;
  for (const [index, byte] of bytes.entries()) value += (byte & 0x7f) * 0x80 ** index;
  return value;
}
