/**
 * observe/proxy-logs: the access logs of proxies that run on this machine, read on as they grow, so that what
 * a proxy served gets packages' names: files of the well-known ones, and what containers write on their standard
 * output. Reported by the proxy: never added to what was counted. A file is open only while it is read, since an
 * open one would keep a container's file system.
 */
import { NetmeterError } from '../../../src/errors.js';
import type { KnownProxy } from '../../../src/proxies/types.js';
import type { Store } from '../../store/types.js';
import type { Followed } from './followed.js';
import { type LogSources, logsOf, type ProxyLog } from './logs-of.js';

export interface LogFollowerOptions extends LogSources {
  store(): Pick<Store, 'logPosition' | 'addFollowed'>;
  log(message: string, error: unknown): void;
}

interface Entry {
  followed: Followed | undefined;
  /** It is no log. */
  isRefused: boolean;
  /** Looks to pass before it is tried again. */
  rest: number;
  /** Failures since it was last read. */
  failures: number;
  /** What was last wrong with it: said once. */
  told: string | undefined;
}

const MOST_LOGS = 32;
/** Codes of what will not become better: no log, or a format stated that is none. */
const NO_LOG: readonly string[] = ['unreadable-input', 'usage'];
/** Looks after a failure; twice as many after the next, up to some ten minutes. */
const REST = 5;
const MOST_DOUBLINGS = 7;

export class LogFollower {
  readonly #options: LogFollowerOptions;
  readonly #entries = new Map<string, Entry>();
  #looking: Promise<void> | undefined;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
  }

  /** Reads and stores what is new, a bounded piece of each. Never rejects. */
  look(known: readonly KnownProxy[]): Promise<void> {
    this.#looking ??= this.#look(known).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  stop(): void {
    for (const { followed } of this.#entries.values()) followed?.close();
    this.#entries.clear();
  }

  async #look(known: readonly KnownProxy[]): Promise<void> {
    const seen = new Set<string>();
    const up = known.filter(({ isUp }) => isUp !== false);
    for (const log of up.flatMap((proxy) => logsOf(proxy, this.#options)).slice(0, MOST_LOGS)) {
      // Two programs of the host that write to one log are one.
      if (seen.has(log.name)) continue;
      seen.add(log.name);
      await this.#follow(log);
    }
    for (const [name, { followed }] of this.#entries) {
      if (seen.has(name)) continue;
      followed?.close();
      this.#entries.delete(name);
    }
  }

  async #follow({ name, proxy, where, follow }: ProxyLog): Promise<void> {
    const entry = this.#entries.get(name) ?? {
      followed: undefined,
      isRefused: false,
      rest: 0,
      failures: 0,
      told: undefined,
    };
    this.#entries.set(name, entry);
    if (entry.isRefused) return;
    if (entry.rest > 0) {
      entry.rest -= 1;
      return;
    }
    const { store, log } = this.#options;
    try {
      entry.followed ??= follow(await store().logPosition(name));
      const piece = entry.followed.next();
      if (piece === undefined) return;
      await store().addFollowed(piece);
      entry.told = undefined;
      entry.failures = 0;
    } catch (error) {
      // What could not be stored is read again from where the store is. What is no log is not tried again.
      entry.followed?.close();
      entry.followed = undefined;
      entry.isRefused = error instanceof NetmeterError && NO_LOG.includes(error.code);
      entry.rest = REST * 2 ** Math.min(entry.failures, MOST_DOUBLINGS);
      entry.failures += 1;
      const problem = `the log of proxy ${JSON.stringify(proxy)} ${where} could not be followed`;
      if (String(error) !== entry.told) log(problem, error);
      entry.told = String(error);
    }
  }
}
