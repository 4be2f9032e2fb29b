import { NetmeterError } from '../../src/errors.js';
import { canonicalAddress } from '../../src/metering/address.js';
import type { Tier } from '../../src/metering/types.js';
import type { ProxiesDocument } from '../../src/protocol/documents.js';
import type { RequestParams } from '../../src/protocol/messages.js';
import { parseHostAndPort } from '../../src/proxies/address-text.js';
import type { KnownProxy } from '../../src/proxies/types.js';
import { proxiesDocument } from '../../src/report/proxies.js';
import type { EpochMs } from '../../src/units.js';
import type { ProxyBook } from '../observe/proxies/proxy-book.js';
import type { Store } from '../store/types.js';
import { proxyUsageIn } from './proxy-usage.js';

export interface ProxyAnswersOptions {
  store: Store;
  book: ProxyBook;
  now(): EpochMs;
  tier(): Tier;
  /** Counts everything up to this moment. */
  refresh(): Promise<void>;
  isBeyond(address: string): boolean;
  /** Reads what is new in the proxies' logs. */
  readLogs(): Promise<void>;
}

/** Names that can be typed, and told apart in a table. */
const NAME = /^[\w][\w.@+-]{0,63}$/;
const MOST_ADDED = 200;

/** What is known of package proxies, and what people say of them. */
export class ProxyAnswers {
  readonly #options: ProxyAnswersOptions;

  constructor(options: ProxyAnswersOptions) {
    this.#options = options;
  }

  async list({ since = 0 }: RequestParams['proxies']): Promise<ProxiesDocument> {
    const { store, book, now } = this.#options;
    await this.#options.refresh();
    await this.#options.readLogs();
    const period = { from: since, to: Math.max(now(), since) };
    const [usage = []] = await proxyUsageIn(store, [period], this.beyond());
    const added = await store.addedProxies();
    const packages = await store.proxyPackages(since);
    const isCounted = this.#options.tier() === 'exact';
    return proxiesDocument({ period, known: book.known, added, usage, packages, isCounted });
  }

  /** Names of proxies whose every address is reached over an uplink. */
  beyond(): ReadonlySet<string> {
    const { book, isBeyond } = this.#options;
    const names = book.known
      .filter(({ place, endpoints }) => {
        if (place !== 'elsewhere' || endpoints.length === 0) return false;
        return endpoints.every(({ address }) => address !== undefined && isBeyond(address));
      })
      .map(({ name }: KnownProxy) => name);
    return new Set(names);
  }

  /** @throws NetmeterError `usage` */
  async add({ name, address, container }: RequestParams['proxy-add']): Promise<ProxiesDocument> {
    const { store } = this.#options;
    if (!NAME.test(name)) throw badName(name);
    if ((address === undefined) === (container === undefined)) throw eitherOr();
    if (address !== undefined) refuseNonsense(address);
    const others = (await store.addedProxies()).filter((each) => each.name !== name);
    if (others.length >= MOST_ADDED)
      throw new NetmeterError('usage', `there are ${MOST_ADDED} added proxies already`);
    // Until now its bytes were not a proxy's.
    await this.#options.refresh();
    await store.addProxy({ name, address, container });
    await this.#takeOver();
    return this.list({});
  }

  /** @throws NetmeterError `not-found` */
  async remove({ name }: RequestParams['proxy-remove']): Promise<ProxiesDocument> {
    const { store, book } = this.#options;
    await this.#options.refresh();
    if (!(await store.removeProxy(name))) {
      const found = book.known.some((known) => known.name === name);
      throw new NetmeterError('not-found', `no proxy ${JSON.stringify(name)} was added by hand`, {
        hint: found
          ? 'It was found by itself. Give its container the label netmeter.role=none to have it ignored.'
          : 'netmeter proxy ls lists them.',
      });
    }
    await this.#takeOver();
    return this.list({});
  }

  async #takeOver(): Promise<void> {
    const { store, book } = this.#options;
    await book.setAdded(await store.addedProxies());
  }
}

function badName(name: string): NetmeterError {
  return new NetmeterError('usage', `${JSON.stringify(name)} is no name for a proxy`, {
    hint: 'Use letters, digits and any of . _ @ + - in it, 64 at most.',
  });
}

function eitherOr(): NetmeterError {
  return new NetmeterError('usage', 'a proxy needs either an address or a container', {
    hint: 'netmeter proxy add NAME --address HOST:PORT, or --container NAME',
  });
}

function refuseNonsense(address: string): void {
  const place = parseHostAndPort(address);
  if (place === undefined) {
    throw new NetmeterError('usage', `${JSON.stringify(address)} is no address with a port`, {
      hint: 'Such as 192.168.1.5:3142, [fd00::5]:3128, cache.lan:4873 or http://cache.lan:8081/.',
    });
  }
  if (['0.0.0.0', '::'].includes(canonicalAddress(place.host) ?? '')) {
    throw new NetmeterError('usage', `${place.host} stands for every address and is none`, {
      hint: `For a proxy on this machine: --address localhost:${place.port}`,
    });
  }
}
