import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { isErrno } from '../../sys/system-error.js';
import { statOf } from './directory-watch.js';

export interface PendingListener {
  /** @returns whether the text was whole */
  read(config: string): boolean;
  /** The folder is gone. */
  vanished(): void;
}

/** Waits between looks, in milliseconds; the last one repeats. Events usually come first. */
const WAITS = [4, 8, 16, 32, 64, 100];
const LONG_WAIT = 2000;
/** Looks after which a folder is most likely one that a crash left half made. */
const PATIENT_LOOKS = 600;

/**
 * One executor's folder until its config.json is there and whole. The file is created empty and written once; it is
 * looked for until the folder vanishes, because giving up earlier loses slow steps.
 */
export class PendingExecution {
  readonly #folder: string;
  readonly #listener: PendingListener;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;
  #done = false;

  constructor(folder: string, listener: PendingListener) {
    this.#folder = folder;
    this.#listener = listener;
  }

  start(): void {
    if (this.#look()) return;
    try {
      this.#watcher = watch(this.#folder, { persistent: false }, () => this.#look());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // Gone already, or no watch left to have: the timer does without.
    }
    this.#wait();
  }

  stop(): void {
    this.#done = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
  }

  #wait(): void {
    if (this.#done) return;
    const wait = this.#looks > PATIENT_LOOKS ? LONG_WAIT : (WAITS[this.#looks] ?? WAITS.at(-1));
    this.#looks++;
    this.#timer = setTimeout(() => {
      if (!this.#look()) this.#wait();
    }, wait).unref();
  }

  /** @returns whether there is nothing left to wait for */
  #look(): boolean {
    if (this.#done) return true;
    let config: string;
    try {
      config = readFileSync(`${this.#folder}/config.json`, 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT') && statOf(this.#folder) === undefined) return this.#vanished();
      return false;
    }
    if (config === '' || !this.#listener.read(config)) return false;
    this.stop();
    return true;
  }

  #vanished(): boolean {
    this.stop();
    this.#listener.vanished();
    return true;
  }
}
