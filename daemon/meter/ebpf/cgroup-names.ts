import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findCgroup } from '../../sys/cgroup-handle.js';
import type { CgroupMount } from './cgroup-mount.js';
import type { BpfMap } from './kernel/bpf-map.js';

const PATH_SIZE = 256;

/**
 * Paths of cgroups by their ids, below the cgroup2 mount and with `/` for its root. Three sources: the
 * directories that were there at the start, the map in which the kernel notes each new one, and the
 * kernel's own look-up of living ones.
 */
export class CgroupNames {
  readonly #mount: CgroupMount;
  #maps: readonly BpfMap[];
  #rootFd: number | undefined;
  readonly #paths = new Map<number, string>();
  readonly #key = new Uint8Array(new ArrayBuffer(8));
  readonly #value = new Uint8Array(new ArrayBuffer(PATH_SIZE));

  private constructor(mount: CgroupMount, maps: readonly BpfMap[], rootFd: number) {
    this.#mount = mount;
    this.#maps = maps;
    this.#rootFd = rootFd;
  }

  /** @param maps the map of new cgroups, and those of earlier generations */
  static open(mount: CgroupMount, maps: readonly BpfMap[]): CgroupNames {
    const names = new CgroupNames(mount, maps, openSync(mount.path, 'r'));
    names.#learn('/');
    return names;
  }

  path(id: number): string | undefined {
    const known = this.#paths.get(id);
    if (known !== undefined) return known;
    const path = this.#noted(id) ?? this.#living(id);
    if (path !== undefined) this.#paths.set(id, path);
    return path;
  }

  /** Looks up those that nobody has asked for yet: after {@link close}, only what is known is told. */
  learnAll(ids: Iterable<number>): void {
    for (const id of ids) this.path(id);
  }

  /** `undefined` when it cannot be told. */
  isGone(id: number): boolean | undefined {
    const found = this.#find(id);
    if (found !== undefined) return found === 'gone';
    const path = this.path(id);
    if (path === undefined) return undefined;
    const stat = statSync(join(this.#mount.path, path), { throwIfNoEntry: false });
    return stat?.ino !== id;
  }

  /** Looks new cgroups up in this map only, from now on. */
  useOnly(map: BpfMap): void {
    this.#maps = [map];
  }

  /** Drops the paths of all cgroups that are gone and not in use. */
  forgetUnused(inUse: ReadonlySet<number>): void {
    for (const id of this.#paths.keys()) {
      if (!inUse.has(id) && this.isGone(id) === true) this.#paths.delete(id);
    }
  }

  close(): void {
    if (this.#rootFd !== undefined) closeSync(this.#rootFd);
    this.#rootFd = undefined;
    this.#maps = [];
  }

  #learn(path: string): void {
    const directory = join(this.#mount.path, path);
    try {
      this.#paths.set(statSync(directory).ino, path);
      for (const entry of readdirSync(directory, { withFileTypes: true })) {
        if (entry.isDirectory()) this.#learn(join(path, entry.name));
      }
    } catch {
      // It has gone since its parent was read.
    }
  }

  #noted(id: number): string | undefined {
    new DataView(this.#key.buffer).setBigUint64(0, BigInt(id), true);
    for (const map of this.#maps) {
      if (!map.lookup(this.#key, this.#value)) continue;
      const end = this.#value.indexOf(0);
      // A full value may have been cut off: the kernel's look-up knows the rest while the cgroup lives.
      const text = Buffer.from(this.#value.subarray(0, end)).toString('utf8');
      if (end === PATH_SIZE - 1) return this.#living(id) ?? text;
      if (end > 0) return text;
    }
    return undefined;
  }

  #living(id: number): string | undefined {
    const found = this.#find(id);
    if (found === undefined || found === 'gone') return undefined;
    const path = found.path.slice(this.#mount.path.length);
    return path === '' ? '/' : path;
  }
  #find(id: number): ReturnType<typeof findCgroup> {
    return this.#rootFd === undefined ? undefined : findCgroup(this.#rootFd, id);
  }
}
