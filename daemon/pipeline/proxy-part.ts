import type { KnownProxy } from '../../src/proxies/types.js';
import type { ProxyPeriod } from '../../src/savings/types.js';
import type { Interval } from '../../src/units.js';
import { ProxyAnswers, type ProxyAnswersOptions } from '../answers/proxies.js';
import { proxyPeriodsIn } from '../answers/proxy-usage.js';
import type { Log } from '../lifecycle/log.js';
import type { Part } from '../lifecycle/supervisor.js';
import { ProxyBook, type ProxyBookOptions } from '../observe/proxies/proxy-book.js';
import type { Store } from '../store/types.js';

export interface ProxyPartOptions
  extends Omit<ProxyBookOptions, 'onChange'>,
    Omit<ProxyAnswersOptions, 'book' | 'store'> {
  store(): Store;
  log: Log;
}

/** Package proxies: which there are, who was one when, and what they delivered and fetched. */
export class ProxyPart implements Part {
  readonly name = 'proxies';
  readonly book: ProxyBook;
  readonly #options: ProxyPartOptions;
  #answers: ProxyAnswers | undefined;
  #saved: Promise<void> = Promise.resolve();

  constructor(options: ProxyPartOptions) {
    this.#options = options;
    this.book = new ProxyBook({ ...options, onChange: (known) => this.#save(known) });
  }

  async start(): Promise<void> {
    this.book.start(await this.#options.store().addedProxies());
  }

  async stop(): Promise<void> {
    this.book.stop();
    await this.#saved;
  }

  get answers(): ProxyAnswers {
    const { store, ...options } = this.#options;
    this.#answers ??= new ProxyAnswers({ ...options, store: store(), book: this.book });
    return this.#answers;
  }

  /** What each delivered and fetched, per run of builds. */
  periods(interval: Interval): Promise<ProxyPeriod[]> {
    const { store, now } = this.#options;
    return proxyPeriodsIn(store(), interval, this.answers.beyond(), now());
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
