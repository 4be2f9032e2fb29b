import { statSync } from 'node:fs';
import { readBolt } from '../engine-files/bolt-file.js';
import type { EngineFiles } from '../engine-files/engine-files.js';

const SNAPSHOTTER = 'io.containerd.snapshotter.v1.overlayfs';

/**
 * Directories of snapshots, as this machine sees them: below the graph driver's folder by name; of containerd, where
 * they bear numbers, by the snapshotter's own database.
 */
export class SnapshotDirectories {
  readonly #files: EngineFiles;
  #numbers: Map<string, string> | undefined;

  constructor(files: EngineFiles) {
    this.#files = files;
  }

  /** Undefined when there is none, or this user may not look. */
  of(snapshot: string): string | undefined {
    // A name comes from a file that others may have written: it must not lead anywhere else.
    if (!/^[0-9a-zA-Z_-]+$/.test(snapshot)) return undefined;
    const plain = this.#files.data(`overlay2/${snapshot}/diff`);
    if (isDirectory(this.#files.path(plain))) return this.#nearest(plain);
    this.#numbers ??= this.#readNumbers();
    const numbered = this.#numbers.get(snapshot);
    return numbered !== undefined && isDirectory(this.#files.path(numbered))
      ? this.#nearest(numbered)
      : undefined;
  }

  /** The engine's own path where it is the same directory here, for people; else the one below its process. */
  #nearest(enginePath: string): string {
    const path = this.#files.path(enginePath);
    const [here, there] = [identity(enginePath), identity(path)];
    return here !== undefined && here === there ? enginePath : path;
  }

  #readNumbers(): Map<string, string> {
    const directories = new Map<string, string>();
    for (const folder of [
      this.#files.data(`containerd/daemon/${SNAPSHOTTER}`),
      `/var/lib/containerd/${SNAPSHOTTER}`,
    ]) {
      readBolt(this.#files.path(`${folder}/metadata.db`), (root) => {
        const snapshots = root.bucket('v1')?.bucket('snapshots');
        for (const name of snapshots?.bucketNames() ?? []) {
          const id = snapshots?.bucket(name)?.value('id');
          const own = name.split('/').at(-1);
          if (id !== undefined && own) directories.set(own, `${folder}/snapshots/${uvarint(id)}/fs`);
        }
        return true;
      });
    }
    return directories;
  }
}

/** Go's encoding/binary: seven bits a byte, the lowest first. */
function uvarint(bytes: Buffer): number {
  let value = 0;
  for (const [index, byte] of bytes.entries()) value += (byte & 0x7f) * 0x80 ** index;
  return value;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function identity(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
