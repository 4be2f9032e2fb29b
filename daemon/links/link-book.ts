import type { Price } from '../../src/budget/price.js';
import { NetmeterError } from '../../src/errors.js';
import { DEFAULT_LIMIT_BYTES, type KnownLink } from '../../src/links/known-link.js';
import { judgeMetered, type MeteredVerdict } from '../../src/links/metered.js';
import type { LinkPrices } from '../../src/savings/types.js';
import type { Bytes, EpochMs } from '../../src/units.js';
import type { SeenLink } from '../observe/metered/metered-watch.js';
import type { DefaultLink } from '../store/link-tables.js';
import type { Store } from '../store/types.js';

/** What a user may set of a link. Undefined: left as it is. */
export interface LinkWishes {
  metered?: boolean | 'auto' | undefined;
  price?: Price | 'none' | undefined;
  limitBytes?: Bytes | 'default' | undefined;
}

/** What is known and wished of links, those that are not there included. Kept in the store. */
export class LinkBook {
  readonly #store: Store;
  readonly #onProblem: (message: string, error: unknown) => void;
  readonly #known = new Map<string, KnownLink>();
  #present = new Map<string, SeenLink>();
  #defaults: DefaultLink[] = [];

  constructor(store: Store, onProblem: (message: string, error: unknown) => void) {
    this.#store = store;
    this.#onProblem = onProblem;
  }

  async load(): Promise<void> {
    for (const link of await this.#store.links()) this.#known.set(link.name, link);
    this.#defaults = await this.#store.defaultLinks();
  }

  /** All uplinks as they are now. */
  see(links: readonly SeenLink[]): void {
    this.#present = new Map(links.map((link) => [link.name, link]));
    for (const link of links) {
      const verdict = judgeMetered({ ...link.facts, user: undefined });
      this.#keep({ ...this.#of(link.name, link.interface), interface: link.interface, ...verdict });
    }
  }

  /** The default route leads over this link now; undefined: there is none. */
  seeDefault(link: string | undefined, at: EpochMs): void {
    const last = this.#defaults.at(-1);
    if (last !== undefined && last.link === link) return;
    const entry = { since: at, link };
    this.#defaults.push(entry);
    this.#store.saveDefaultLink(entry).catch((error: unknown) => {
      this.#onProblem('the default link could not be stored', error);
    });
  }

  /** The link of the default route at some time; undefined: there was none, or nobody knows. */
  linkAt(at: EpochMs): string | undefined {
    return this.#defaults.findLast(({ since }) => since <= at)?.link;
  }

  get defaultLink(): string | undefined {
    return this.#defaults.at(-1)?.link;
  }

  isPresent(name: string): boolean {
    return this.#present.has(name);
  }

  present(): string[] {
    return [...this.#present.keys()];
  }

  /** Links that are there first, then by name. */
  all(): KnownLink[] {
    const links = [...this.#known.values()];
    return links.toSorted((a, b) => Number(this.isPresent(b.name)) - Number(this.isPresent(a.name)));
  }

  interfaceOf(name: string): string | undefined {
    return this.#present.get(name)?.interface ?? this.#known.get(name)?.interface;
  }

  /** Null: nobody can tell. */
  isMetered(name: string): boolean | null {
    return this.verdict(name).metered;
  }

  verdict(name: string): MeteredVerdict {
    const known = this.#known.get(name);
    if (known === undefined) return { metered: null, because: 'nothing is known of it' };
    if (known.user !== undefined) return judgeMetered({ ...NOTHING, user: known.user });
    return { metered: known.metered, because: known.because };
  }

  priceOf(name: string): Price | undefined {
    return this.#known.get(name)?.price;
  }

  /** What one build may fetch over it before that is worth a warning, if it is metered. */
  limitOf(name: string): Bytes {
    return this.#known.get(name)?.limitBytes ?? DEFAULT_LIMIT_BYTES;
  }

  /** @throws NetmeterError `not-found` for a link that nothing was ever known of */
  require(nameOrInterface: string): KnownLink {
    const byName = this.#known.get(nameOrInterface);
    if (byName !== undefined) return byName;
    const present = [...this.#present.values()].find((link) => link.interface === nameOrInterface);
    const known = present === undefined ? undefined : this.#known.get(present.name);
    if (known !== undefined) return known;
    const names = this.all().map(({ name }) => JSON.stringify(name));
    throw new NetmeterError('not-found', `there is no link ${JSON.stringify(nameOrInterface)}`, {
      hint: names.length === 0 ? 'No link has been seen yet.' : `Links that were seen: ${names.join(', ')}`,
    });
  }

  /** @throws NetmeterError `not-found`, and what the store says */
  async set(name: string, wishes: LinkWishes): Promise<KnownLink> {
    const link = { ...this.require(name) };
    if (wishes.metered !== undefined) link.user = wishes.metered === 'auto' ? undefined : wishes.metered;
    if (wishes.price !== undefined) link.price = wishes.price === 'none' ? undefined : wishes.price;
    if (wishes.limitBytes !== undefined) {
      link.limitBytes = wishes.limitBytes === 'default' ? undefined : wishes.limitBytes;
    }
    await this.#store.saveLink(link);
    this.#known.set(link.name, link);
    return link;
  }

  #of(name: string, interfaceName: string): KnownLink {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    return {
      name,
      interface: interfaceName,
      metered: null,
      because: '',
      user: undefined,
      price: undefined,
      limitBytes: undefined,
    };
  }

  #keep(link: KnownLink): void {
    const before = this.#known.get(link.name);
    this.#known.set(link.name, link);
    if (JSON.stringify(before) === JSON.stringify(link)) return;
    this.#store.saveLink(link).catch((error: unknown) => {
      this.#onProblem(`what is known of the link ${link.name} could not be stored`, error);
    });
  }
}

/** What the ledger asks of links. */
export function linkPrices(book: LinkBook): LinkPrices {
  return {
    priceOf: (link) => book.priceOf(link),
    isMetered: (link) => book.isMetered(link) ?? undefined,
    linkAt: (at) => book.linkAt(at),
  };
}

const NOTHING = {
  networkManager: undefined,
  lease: undefined,
  driver: undefined,
  deviceType: undefined,
  phone: undefined,
  addresses: [],
};
