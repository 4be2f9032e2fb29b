/**
 * observe/proxy-logs: the access logs of proxies that run on this machine, read on as they grow, so that what
 * a proxy served gets packages' names. Reported by the proxy: never added to what was counted. A file is open
 * only while it is read, since an open one would keep a container's file system.
 */
import { join } from 'node:path';
import { NetmeterError } from '../../../src/errors.js';
import type { KnownProxy } from '../../../src/proxies/types.js';
import type { Store } from '../../store/types.js';
import { FollowedLog } from './followed-log.js';

export interface LogFollowerOptions {
  store(): Pick<Store, 'logPosition' | 'addFollowed'>;
  /** Directory that a container's files are below as seen from its process, such as /proc/7/root. */
  procRoot: string;
  hostRoot: string;
  pidOf(containerId: string): number | undefined;
  log(message: string, error: unknown): void;
}

/** Where the well-known ones write, as they are delivered. */
const PATHS: Readonly<Record<string, string>> = {
  squid: '/var/log/squid/access.log',
  'apt-cacher-ng': '/var/log/apt-cacher-ng/apt-cacher.log',
};
const MOST_LOGS = 32;

export class LogFollower {
  readonly #options: LogFollowerOptions;
  readonly #logs = new Map<string, FollowedLog | 'refused'>();
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

  async #look(known: readonly KnownProxy[]): Promise<void> {
    const seen = new Set<string>();
    for (const proxy of known.filter(({ isUp }) => isUp !== false).slice(0, MOST_LOGS)) {
      const [root, path] = [this.#rootOf(proxy), PATHS[proxy.kind ?? '']];
      if (root === undefined || path === undefined) continue;
      // Two programs of the host that write to one log are one.
      const name = `${proxy.place === 'container' ? proxy.ownerId : 'host'} ${path}`;
      if (seen.has(name)) continue;
      seen.add(name);
      await this.#follow(name, proxy.name, root, path);
    }
    for (const name of this.#logs.keys()) if (!seen.has(name)) this.#logs.delete(name);
  }

  async #follow(log: string, proxy: string, root: string, path: string): Promise<void> {
    const { store } = this.#options;
    try {
      let followed = this.#logs.get(log);
      if (followed === 'refused') return;
      if (followed === undefined) {
        followed = new FollowedLog({ log, proxy, root, path }, await store().logPosition(log));
        this.#logs.set(log, followed);
      }
      const piece = followed.next();
      if (piece !== undefined) await store().addFollowed(piece);
    } catch (error) {
      const isUnreadable = error instanceof NetmeterError && error.code === 'unreadable-input';
      // What could not be stored is read again from where the store is. What is no log is not tried again.
      if (isUnreadable) this.#logs.set(log, 'refused');
      else this.#logs.delete(log);
      this.#options.log(`the log of proxy ${JSON.stringify(proxy)} at ${path} could not be followed`, error);
    }
  }

  #rootOf({ place, ownerId }: KnownProxy): string | undefined {
    const { hostRoot, procRoot, pidOf } = this.#options;
    if (place === 'host') return hostRoot;
    const id = place === 'container' ? /^container:(.+)$/.exec(ownerId ?? '')?.[1] : undefined;
    const pid = id === undefined ? undefined : pidOf(id);
    return pid === undefined ? undefined : join(procRoot, String(pid), 'root');
  }
}
