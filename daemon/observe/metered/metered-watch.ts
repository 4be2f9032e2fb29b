import { linkName } from '../../../src/links/link-name.js';
import type { MeteredFacts, NmMetered } from '../../../src/links/metered.js';
import type { LinkFacts } from '../../../src/metering/types.js';
import { deviceFacts } from './device-facts.js';
import { LeaseFiles } from './lease-files.js';
import { NetworkManager, type NmState } from './network-manager.js';

/** One uplink as it is now. */
export interface SeenLink {
  interface: string;
  /** What a person would call it. */
  name: string;
  facts: Omit<MeteredFacts, 'user'>;
}

export interface MeteredWatchOptions {
  /** Of the file system and of sysfs. */
  root: string;
  sysRoot: string;
  /** Of the system bus; undefined: it is not asked. */
  busAddress: string | undefined;
  uplinks(): readonly LinkFacts[];
  /** Names of all interfaces. */
  interfaces(): readonly string[];
  addresses(): readonly { ifindex: number; address: string }[];
  /** The interface of the default route; undefined when there is none. */
  defaultInterface(): string | undefined;
  /** Something is known anew of the uplinks: all of them. */
  onLinks(links: readonly SeenLink[]): void;
}

/** How long the start of metering waits for NetworkManager, so that the first bytes have the right link. */
const FIRST_ANSWER_MS = 1_500;

/** A NetworkManager that restarts leaves its connections up: what it said holds until it is back, or for so long. */
const FORGET_AFTER_MS = 60_000;

/**
 * Follows what makes uplinks metered. It reads when it is told that something changed: by the kernel through
 * `changed`, by NetworkManager's signals, by leases that are written. It never polls.
 */
export class MeteredWatch {
  readonly name = 'metered';
  readonly #options: MeteredWatchOptions;
  readonly #leases: LeaseFiles;
  #manager: NetworkManager | undefined;
  #nm: NmState | undefined;
  #forgetting: NodeJS.Timeout | undefined;

  constructor(options: MeteredWatchOptions) {
    this.#options = options;
    this.#leases = new LeaseFiles(options.root);
  }

  async start(): Promise<void> {
    const { busAddress } = this.#options;
    this.#leases.watch(() => this.changed());
    if (busAddress !== undefined) {
      this.#manager = new NetworkManager({
        address: busAddress,
        onState: (state) => this.#told(state),
      });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, FIRST_ANSWER_MS);
      });
      await Promise.race([this.#manager.start(), late]);
      clearTimeout(timer);
    }
    this.changed();
  }

  stop(): void {
    clearTimeout(this.#forgetting);
    this.#leases.stop();
    this.#manager?.stop();
  }

  #told(state: NmState | undefined): void {
    clearTimeout(this.#forgetting);
    if (state === undefined && this.#nm !== undefined) {
      this.#forgetting = setTimeout(() => this.#know(undefined), FORGET_AFTER_MS);
      this.#forgetting.unref();
      return;
    }
    this.#know(state);
  }

  #know(state: NmState | undefined): void {
    this.#nm = state;
    this.changed();
  }

  /** Asks NetworkManager anew, which may have changed its mind without a word. */
  async refresh(): Promise<void> {
    await this.#manager?.refresh();
  }

  /** What an interface is called before anything was heard of it. */
  nameOf(interfaceName: string): string {
    const { sysRoot, interfaces } = this.#options;
    const { phone: device } = deviceFacts(sysRoot, interfaceName);
    const ssid = this.#deviceOf(interfaceName)?.ssid;
    return linkName({ interface: interfaceName, ssid, device }, new Set(interfaces()));
  }

  /** Reads everything that is known of the uplinks. */
  changed(): void {
    const { uplinks, addresses, onLinks } = this.#options;
    const known = uplinks();
    const all = addresses();
    onLinks(known.map((link) => this.#seen(link, all, known)));
  }

  #seen(
    link: LinkFacts,
    all: readonly { ifindex: number; address: string }[],
    uplinks: readonly LinkFacts[],
  ): SeenLink {
    const { interface: name, ifindex } = link;
    const { driver, deviceType, phone } = deviceFacts(this.#options.sysRoot, name);
    const addresses = all.filter((address) => address.ifindex === ifindex).map(({ address }) => address);
    return {
      interface: name,
      name: this.nameOf(name),
      facts: {
        networkManager: this.#metered(name, uplinks),
        lease: this.#leases.meteredBy({ name, ifindex, addresses }),
        driver,
        deviceType,
        phone,
        addresses,
      },
    };
  }

  #deviceOf(interfaceName: string) {
    return this.#nm?.devices.find((device) => device.interface === interfaceName);
  }

  /** Of the device; else of the primary connection, if this link is the one that it must be. */
  #metered(interfaceName: string, uplinks: readonly LinkFacts[]): NmMetered | undefined {
    if (this.#nm === undefined) return undefined;
    const own = this.#deviceOf(interfaceName)?.metered;
    if (own !== undefined && own !== 0) return own;
    const primary = this.#nm.primaryInterface ?? this.#options.defaultInterface();
    const isKnown = uplinks.some((link) => link.interface === primary);
    const isPrimary = isKnown ? primary === interfaceName : uplinks.length === 1;
    return isPrimary ? (this.#nm.primaryMetered ?? own) : own;
  }
}
