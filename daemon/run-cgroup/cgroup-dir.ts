import { readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { makeDirectories } from '../sys/make-directories.js';
import { isErrno } from '../sys/system-error.js';

/** Directories of the cgroup2 mount, and no other hierarchy's: on hybrid hosts a process is in several. */
export class CgroupDir {
  readonly #mount: string;

  /** @param mount mount point of cgroup2 */
  constructor(mount: string) {
    this.#mount = mount;
  }

  /** @returns the cgroup's id */
  create(path: string): number {
    makeDirectories(this.#mount + path, 0o755);
    return statSync(this.#mount + path).ino;
  }

  /** `undefined` when there is none. */
  id(path: string): number | undefined {
    return statSync(this.#mount + path, { throwIfNoEntry: false })?.ino;
  }

  /** Moves a whole process. Throws Node's error: `ESRCH` when it is gone, `ENOENT` when the cgroup is. */
  move(pid: number, path: string): void {
    writeFileSync(`${this.#mount}${path}/cgroup.procs`, String(pid), { flag: 'r+' });
  }

  /** How many processes are in it; 0 when it is gone. */
  population(path: string): number {
    try {
      return readFileSync(`${this.#mount}${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).length;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENODEV')) return 0;
      throw error;
    }
  }

  /** Names of the cgroups right below. */
  children(path: string): string[] {
    try {
      const entries = readdirSync(this.#mount + path, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  /** @returns false when it is not empty, or not this process's to remove */
  remove(path: string): boolean {
    try {
      rmdirSync(this.#mount + path);
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return true;
      if (isErrno(error, 'EBUSY', 'ENOTEMPTY', 'EACCES', 'EPERM', 'EROFS')) return false;
      throw error;
    }
  }
}
