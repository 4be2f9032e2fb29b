import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { trySyscall } from '../sys/syscall.js';
import type { LogSink } from './log.js';

export interface LogFileOptions {
  path: string;
  mode: number;
  /** Group of the file; `undefined` leaves the daemon's own. */
  gid: number | undefined;
  /** The file is set aside as `<path>.1`, which it replaces, before it grows beyond this. */
  maxBytes: number;
  /** Lets standard output and error end up in the file, too: what the runtime says as it dies. */
  takeStdio: boolean;
}

const O_APPEND_ONLY = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** The daemon's log on disk: this file and the one before it. Lines are on their way when `write` returns. */
export class LogFile implements LogSink {
  readonly #options: LogFileOptions;
  #fd: number | undefined;
  #bytes = 0;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /** Opens the file, or opens it anew after somebody moved it. Throws Node's error when it cannot. */
  open(): void {
    const { path, mode, gid, takeStdio } = this.#options;
    const fd = openSync(path, O_APPEND_ONLY, mode);
    this.close();
    this.#fd = fd;
    this.#bytes = fstatSync(fd).size;
    fchmodSync(fd, mode);
    if (gid !== undefined) fchownSync(fd, -1, gid);
    if (takeStdio) for (const standard of [1, 2]) trySyscall('dup3', fd, standard, 0);
  }

  /** A log that cannot be written stops nothing: metering matters more. */
  write(line: string): void {
    if (this.#fd === undefined) return;
    const bytes = Buffer.from(line);
    try {
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#options.maxBytes) this.#setAside();
      writeSync(this.#fd, bytes);
      this.#bytes += bytes.length;
    } catch {
      // The next line may fit again.
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #setAside(): void {
    renameSync(this.#options.path, `${this.#options.path}.1`);
    this.open();
  }
}
