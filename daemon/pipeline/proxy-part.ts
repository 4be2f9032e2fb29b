import type { KnownProxy } from '../../src/proxies/types.js';
import type { ProxyOverhead } from '../../src/savings/proxy-overhead.js';
import type { ProxyPeriod } from '../../src/savings/types.js';
import type { Interval } from '../../src/units.js';
import { ProxyAnswers, type ProxyAnswersOptions } from '../answers/proxies.js';
import { proxyOverheadsIn, proxyPeriodsIn } from '../answers/proxy-usage.js';
import type { Log } from '../lifecycle/log.js';
import type { Part } from '../lifecycle/supervisor.js';
import { ProxyBook, type ProxyBookOptions, type ProxyContainers } from '../observe/proxies/proxy-book.js';
import { LogFollower } from '../observe/proxy-logs/log-follower.js';
import type { LogSources } from '../observe/proxy-logs/logs-of.js';
import type { Store } from '../store/types.js';

export interface ProxyPartOptions
  extends Omit<ProxyBookOptions, 'onChange' | 'docker'>,
    Omit<ProxyAnswersOptions, 'book' | 'store' | 'readLogs'> {
  docker: ProxyContainers & Pick<LogSources, 'output'>;
  store(): Store;
  log: Log;
}

/** How often logs are looked at; costs five calls each while nothing is new. */
const FOLLOW_EVERY_MS = 1_000;

/** Package proxies: which there are, who was one when, and what they delivered and fetched. */
export class ProxyPart implements Part {
  readonly name = 'proxies';
  readonly book: ProxyBook;
  readonly #options: ProxyPartOptions;
  readonly #logs: LogFollower;
  #following: NodeJS.Timeout | undefined;
  #answers: ProxyAnswers | undefined;
  #saved: Promise<void> = Promise.resolve();

  constructor(options: ProxyPartOptions) {
    this.#options = options;
    this.book = new ProxyBook({ ...options, onChange: (known) => this.#save(known) });
    this.#logs = new LogFollower({
      store: options.store,
      procRoot: options.procRoot,
      hostRoot: '/',
      container: (id) => options.docker.container(id),
      output: (id, wanted, signal) => options.docker.output(id, wanted, signal),
      log: (message, error) => options.log.warn(message, error),
    });
  }

  async start(): Promise<void> {
    this.book.start(await this.#options.store().addedProxies());
    this.#following = setInterval(() => void this.#readLogs(), FOLLOW_EVERY_MS);
    this.#following.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#following);
    this.book.stop();
    await this.#readLogs();
    this.#logs.stop();
    await this.#saved;
  }

  get answers(): ProxyAnswers {
    const { store, ...options } = this.#options;
    this.#answers ??= new ProxyAnswers({
      ...options,
      store: store(),
      book: this.book,
      readLogs: () => this.#readLogs(),
    });
    return this.#answers;
  }

  /** What each delivered and fetched, per run of builds. */
  periods(interval: Interval): Promise<ProxyPeriod[]> {
    const { store, now } = this.#options;
    return proxyPeriodsIn(store(), interval, this.answers.beyond(), now());
  }

  /** What they fetched that nobody asked them for. */
  overheads(interval: Interval): Promise<ProxyOverhead[]> {
    const { store, now } = this.#options;
    return proxyOverheadsIn(store(), interval, this.answers.beyond(), now());
  }

  #readLogs(): Promise<void> {
    return this.#logs.look(this.book.known);
  }

  #save(known: readonly KnownProxy[]): void {
    const { store, log, now } = this.#options;
    const at = now();
    const owners = known.flatMap(({ name, ownerId }) => (ownerId ? [{ proxy: name, ownerId }] : []));
    this.#saved = this.#saved
      .then(() => store().setProxyOwners(owners, at))
      .catch((error: unknown) => log.error('what is a proxy could not be stored', error));
  }
}
