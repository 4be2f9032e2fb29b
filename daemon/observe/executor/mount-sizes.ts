import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Execution, ExecutionMount } from '../../../src/builds/types.js';
import type { Bytes } from '../../../src/units.js';

/** Larger caches are left unsized: that is for when somebody asks for them. */
const MOST_ENTRIES = 20_000;
const MOST_KEPT = 1_000;
const BLOCK: Bytes = 512;

/**
 * What cache mounts hold after a step, by a walk through their directories. The engine is never asked: sizing locks
 * a cache, and a step that wants it meanwhile gets an empty one. What a cache held before a step is what it held
 * after the last one.
 */
export class MountSizes {
  readonly #path: (enginePath: string) => string;
  readonly #last = new Map<string, Bytes | undefined>();
  #walking: Promise<unknown> = Promise.resolve();

  /** @param path this machine's path of an engine's */
  constructor(path: (enginePath: string) => string) {
    this.#path = path;
  }

  /** The execution, once it is over, with the sizes of its cache mounts; one is walked through after the other. */
  measure(execution: Execution): Promise<Execution> {
    const next = this.#walking.then(async () => {
      const mounts: ExecutionMount[] = [];
      for (const mount of execution.mounts) mounts.push(await this.#sized(mount));
      return { ...execution, mounts };
    });
    this.#walking = next.catch(() => undefined);
    return next;
  }

  async #sized(mount: ExecutionMount): Promise<ExecutionMount> {
    const { snapshotId, cacheId, emptyAtStart, source } = mount;
    if (cacheId === undefined || snapshotId === undefined) return mount;
    const bytesBefore = emptyAtStart === true ? 0 : this.#last.get(snapshotId);
    const bytesAfter = await directoryBytes(this.#path(source));
    if (this.#last.size >= MOST_KEPT) this.#last.clear();
    this.#last.set(snapshotId, bytesAfter);
    return { ...mount, bytesBefore, bytesAfter };
  }
}

/** Bytes on disk of all that is in a directory; undefined when it is gone or holds too much. */
async function directoryBytes(directory: string): Promise<Bytes | undefined> {
  const waiting = [directory];
  let entries = 0;
  let bytes = 0;
  try {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for await (const entry of await opendir(next)) {
        entries += 1;
        if (entries > MOST_ENTRIES) return undefined;
        const path = join(next, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        else bytes += (await lstat(path)).blocks * BLOCK;
      }
    }
  } catch {
    return undefined;
  }
  return bytes;
}
