import { lookup } from 'node:dns/promises';
import { canonicalAddress } from '../../../src/metering/address.js';
import type { Milliseconds } from '../../../src/units.js';

/** A laptop that comes home gets other answers. */
const ASK_AGAIN: Milliseconds = 300_000;

interface Known {
  addresses: string[];
  askedAt: Milliseconds;
}

/** Addresses of the hosts that proxies are named by. What is not answered yet has none. */
export class HostNames {
  readonly #known = new Map<string, Known>();
  readonly #now: () => Milliseconds;
  readonly #changed: () => void;

  /** @param changed called when a host's addresses became others */
  constructor(now: () => Milliseconds, changed: () => void) {
    this.#now = now;
    this.#changed = changed;
  }

  addresses(host: string): readonly string[] {
    const literal = canonicalAddress(host);
    if (literal !== undefined) return [literal];
    if (host === 'localhost') return ['127.0.0.1', '::1'];
    const known = this.#known.get(host);
    if (known === undefined || this.#now() - known.askedAt >= ASK_AGAIN) void this.#ask(host, known);
    return known?.addresses ?? [];
  }

  /** Waits for the answer; for when somebody waits for it. */
  async settle(host: string): Promise<void> {
    if (canonicalAddress(host) === undefined && host !== 'localhost') {
      await this.#ask(host, this.#known.get(host));
    }
  }

  /** Never rejects: a name that is not known at present keeps the addresses that it had. */
  async #ask(host: string, before: Known | undefined): Promise<void> {
    const kept = before?.addresses ?? [];
    this.#known.set(host, { addresses: kept, askedAt: this.#now() });
    try {
      const answers = await lookup(host, { all: true });
      const addresses = answers.flatMap(({ address }) => canonicalAddress(address) ?? []);
      this.#known.set(host, { addresses, askedAt: this.#now() });
      if (addresses.join() !== kept.join()) this.#changed();
    } catch {
      // Asked again in a while.
    }
  }
}
