import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tryLockFile } from '../sys/file-lock.js';

const O_LOCK = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
/** Between two tries lies another daemon's whole shutdown: more than a few in a row are impossible. */
const MAX_TRIES = 10;
const PID_WAIT_MS = 10;
const LONGEST_PID_WAIT_MS = 500;

/** A held lock, or who holds it: `pid` is `undefined` where its holder has not written it yet. */
export type LockResult = { taken: true } | { taken: false; pid: number | undefined };

/**
 * One daemon per state directory: a lock on the pid file that the kernel drops when its holder dies,
 * however it dies. What a killed daemon left behind is thereby free.
 */
export class InstanceLock {
  readonly #path: string;
  #fd: number | undefined;

  /** @param path the pid file */
  constructor(path: string) {
    this.#path = path;
  }

  /** Takes the lock and writes the pid. Throws Node's error when the file cannot be written. */
  take(pid: number): LockResult {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const fd = openSync(this.#path, O_LOCK, 0o644);
      if (!tryLockFile(fd)) {
        closeSync(fd);
        return { taken: false, pid: waitForPid(this.#path) };
      }
      if (isStill(this.#path, fd)) {
        this.#fd = fd;
        ftruncateSync(fd, 0);
        writeSync(fd, `${pid}\n`, 0);
        return { taken: true };
      }
      closeSync(fd);
    }
    throw new Error(`the lock ${this.#path} was replaced ${MAX_TRIES} times while it was taken`);
  }

  /** Removes the file while the lock is still held, so that nobody else's is removed. */
  release(): void {
    if (this.#fd === undefined) return;
    if (isStill(this.#path, this.#fd)) unlinkSync(this.#path);
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** Whoever has just taken the lock writes its pid next, unless it is not given the time to. */
function waitForPid(path: string): number | undefined {
  for (let waited = 0; waited < LONGEST_PID_WAIT_MS; waited += PID_WAIT_MS) {
    const pid = readPid(path);
    if (pid !== undefined) return pid;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PID_WAIT_MS);
  }
  return undefined;
}

/** The pid in a pid file; `undefined` when there is none. */
function readPid(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8').slice(0, 16), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** A holder that stops removes its file: whoever waited for that lock then holds one that nobody finds. */
function isStill(path: string, fd: number): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  const mine = fstatSync(fd);
  return now !== undefined && now.ino === mine.ino && now.dev === mine.dev;
}
