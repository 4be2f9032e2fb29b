import { type FSWatcher, readdirSync, type Stats, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '../../sys/system-error.js';

export interface DirectoryListener {
  /** From now on entries are told of; what is there already has to be looked up. */
  attached(): void;
  /** Something of this name came, went or changed. */
  entry(name: string): void;
  /**
   * The directory changed: what is in it is to be compared with what was told, as events may have been dropped.
   * Returns whether it wants to look again though nothing changed.
   */
  check(): boolean;
  /** The directory is gone. */
  detached(): void;
}

/** How often it is checked that the directory is still the one that is watched. */
const CHECK_MS = 2000;

/**
 * Watches one directory (inotify), which need not exist yet and may be replaced. libuv does not tell when the kernel's
 * queue was full and events were dropped, so after every change the directory is looked at once more.
 */
export class DirectoryWatch {
  readonly #path: string;
  readonly #top: string;
  readonly #listener: DirectoryListener;
  readonly #checkMs: number;
  #watcher: FSWatcher | undefined;
  /** Watched while the directory does not exist: the closest one above it. */
  #above: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #inode: number | undefined;
  #checkedAt: number | undefined;
  #checkAgain = false;
  #error: Error | undefined;

  /** @param top the highest directory that is watched while `path` does not exist */
  constructor(path: string, top: string, listener: DirectoryListener, checkMs = CHECK_MS) {
    this.#path = path;
    this.#top = top;
    this.#listener = listener;
    this.#checkMs = checkMs;
  }

  start(): void {
    this.#attach();
    this.#timer = setInterval(() => this.check(), this.#checkMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#close();
    this.#inode = undefined;
  }

  get attached(): boolean {
    return this.#watcher !== undefined;
  }

  /** Why it could not be watched the last time that was tried; undefined when it does not exist. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Time of the directory's last change, by its file system. */
  changedAt(): number | undefined {
    return statOf(this.#path)?.mtimeMs;
  }

  /** Names in it; undefined when it cannot be read. */
  entries(): string[] | undefined {
    try {
      return readdirSync(this.#path);
    } catch {
      return undefined;
    }
  }

  /** Called by the timer; also by tests. */
  check(): void {
    const stat = statOf(this.#path);
    if (stat?.ino !== this.#inode) {
      this.#attach();
      return;
    }
    if (stat === undefined || (stat.mtimeMs === this.#checkedAt && !this.#checkAgain)) return;
    this.#checkedAt = stat.mtimeMs;
    this.#checkAgain = this.#listener.check();
  }

  #attach(): void {
    const wasAttached = this.#watcher !== undefined;
    this.#close();
    this.#inode = undefined;
    this.#error = undefined;
    if (wasAttached) this.#listener.detached();
    const stat = this.#lookUp();
    if (stat === undefined) {
      this.#watchAbove();
      return;
    }
    this.#watcher = this.#open(this.#path, (name) => this.#event(name));
    if (this.#watcher === undefined) return;
    this.#inode = stat.ino;
    this.#listener.attached();
  }

  #lookUp(): Stats | undefined {
    try {
      return statSync(this.#path);
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) this.#error = error as Error;
      return undefined;
    }
  }

  #event(name: string | null): void {
    // Also what the kernel says of the directory itself comes as an entry.
    if (statOf(this.#path)?.ino !== this.#inode) this.#attach();
    else if (name !== null) this.#listener.entry(name);
  }

  #watchAbove(): void {
    let above = dirname(this.#path);
    while (above.length > this.#top.length && statOf(above) === undefined) above = dirname(above);
    this.#above = this.#open(above, () => this.#attach());
    // It may have come between the look and the watch.
    if (statOf(this.#path) !== undefined) this.#attach();
  }

  #open(path: string, onEvent: (name: string | null) => void): FSWatcher | undefined {
    try {
      const watcher = watch(path, { persistent: false }, (_, name) => {
        if (watcher === this.#watcher || watcher === this.#above) onEvent(name);
      });
      // Without a listener an error would end the process; the next check attaches again.
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) this.#error = error as Error;
      return undefined;
    }
  }

  #close(): void {
    this.#watcher?.close();
    this.#above?.close();
    this.#watcher = undefined;
    this.#above = undefined;
  }
}

/** Undefined when there is no such file, or none that may be looked at: engines end at any time. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
