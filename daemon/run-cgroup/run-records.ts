import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** A command that runs in a cgroup of its own. */
export interface Run {
  id: string;
  command: string[];
  /** Below the cgroup2 mount. */
  cgroupPath: string;
  /** Inode of the cgroup's directory. */
  cgroupId: number;
  /** Epoch milliseconds. */
  startedAt: number;
  /** Who asked. */
  uid: number;
  /** The process that asked, by pid and start time: while it lives, it may still end the run. */
  client: { pid: number; startTime: number };
  /** Where the moved process came from. */
  homePath: string;
}

/** The runs under way, on disk: a daemon that was killed finds them again. */
export class RunRecords {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** An unreadable file holds no runs: it only spares their owners a question mark. */
  load(): Run[] {
    try {
      const runs: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      return Array.isArray(runs) ? (runs as Run[]) : [];
    } catch {
      return [];
    }
  }

  save(runs: readonly Run[]): void {
    writeFileSync(`${this.#path}.new`, JSON.stringify(runs), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}
