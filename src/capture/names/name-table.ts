/** Names seen in a capture and the addresses they stand for. Bounded; what did not fit is counted. */

export type NameSource = 'dns' | 'tls-sni' | 'quic-sni' | 'http-host' | 'name-resolution';

export interface SeenName {
  name: string;
  source: NameSource;
  addresses: string[];
}

const MOST_NAMES = 65_536;
const MOST_ADDRESSES_OF_A_NAME = 64;
const MOST_NAMED_ADDRESSES = 131_072;
const MOST_NAMES_OF_AN_ADDRESS = 32;
const LONGEST_NAME = 255;

export class NameTable {
  /** Names and addresses of names that did not fit. */
  leftOut = 0;
  private readonly names = new Map<string, { name: string; source: NameSource; addresses: Set<string> }>();
  private readonly byAddress = new Map<string, Set<string>>();

  /** @param address undefined when the name was seen without one */
  add(source: NameSource, seen: string, address: string | undefined): void {
    const name = seen.toLowerCase().replace(/\.$/, '');
    if (name === '' || name.length > LONGEST_NAME) return;
    const key = `${source} ${name}`;
    let entry = this.names.get(key);
    if (entry === undefined) {
      if (this.names.size === MOST_NAMES) {
        this.leftOut += 1;
        return;
      }
      entry = { name, source, addresses: new Set() };
      this.names.set(key, entry);
    }
    if (address === undefined || entry.addresses.has(address)) return;
    if (entry.addresses.size === MOST_ADDRESSES_OF_A_NAME) this.leftOut += 1;
    else entry.addresses.add(address);
    if (!isAddress(name)) this.nameAddress(address, name);
  }

  /** In the order in which they were seen. */
  list(): SeenName[] {
    return Array.from(this.names.values(), ({ name, source, addresses }) => ({
      name,
      source,
      addresses: [...addresses],
    }));
  }

  namesOf(address: string): string[] {
    return [...(this.byAddress.get(address) ?? [])];
  }

  private nameAddress(address: string, name: string): void {
    let names = this.byAddress.get(address);
    if (names === undefined) {
      if (this.byAddress.size === MOST_NAMED_ADDRESSES) {
        this.leftOut += 1;
        return;
      }
      names = new Set();
      this.byAddress.set(address, names);
    }
    if (names.size < MOST_NAMES_OF_AN_ADDRESS) names.add(name);
    else if (!names.has(name)) this.leftOut += 1;
  }
}

/** A Host header may carry the address itself, which names nothing. */
function isAddress(name: string): boolean {
  return name.includes(':') || /^[\d.]+$/.test(name);
}
