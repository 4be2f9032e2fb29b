/** Leases of the DHCP clients there are, each where and as that client keeps them. */
import { type FSWatcher, readdirSync, readFileSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { dhclientLease, dhcpPacketLease, type LeaseFacts, networkdLease } from '../../../src/links/lease.js';

const NETWORKD = 'run/systemd/netif/leases';
const NETWORK_MANAGER = 'var/lib/NetworkManager';
const DHCLIENT = ['var/lib/dhcp', 'var/lib/dhclient'];
const DHCPCD = ['var/lib/dhcpcd', 'var/lib/dhcpcd5'];
/** Leases are some hundred bytes; dhclient keeps old ones in the same file. */
const LONGEST = 262_144;
/** A lease is written in several steps. */
const SETTLE_MS = 250;

interface Interface {
  name: string;
  ifindex: number;
  /** What it has now. */
  addresses: readonly string[];
}

interface Candidate {
  path: string;
  read: (bytes: Buffer) => LeaseFacts;
}

export class LeaseFiles {
  readonly #root: string;
  readonly #watchers: FSWatcher[] = [];
  #pending: NodeJS.Timeout | undefined;

  /** @param root of the file system, `/` */
  constructor(root: string) {
    this.#root = root;
  }

  /** The file that says that this interface's network is metered; undefined when none does. */
  meteredBy(link: Interface): string | undefined {
    // Clients keep the leases of networks that were joined before: the last one of an address counts.
    const present = this.#candidates(link)
      .map((candidate) => ({ ...candidate, file: contentOf(candidate.path) }))
      .flatMap(({ path, read, file }) =>
        file === undefined ? [] : [{ path, writtenAt: file.writtenAt, lease: read(file.bytes) }],
      )
      .filter(({ lease }) => lease.address !== undefined && link.addresses.includes(lease.address))
      .toSorted((a, b) => b.writtenAt - a.writtenAt);
    return present[0]?.lease.metered === true ? present[0].path : undefined;
  }

  /** Calls back when some lease was written. Directories that come later are not seen: addresses change then, too. */
  watch(onChange: () => void): void {
    for (const directory of [NETWORKD, NETWORK_MANAGER, ...DHCLIENT, ...DHCPCD]) {
      try {
        const watcher = watch(join(this.#root, directory), { persistent: false }, () =>
          this.#changed(onChange),
        );
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // No such client here.
      }
    }
  }

  stop(): void {
    clearTimeout(this.#pending);
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #changed(onChange: () => void): void {
    clearTimeout(this.#pending);
    this.#pending = setTimeout(onChange, SETTLE_MS);
    this.#pending.unref();
  }

  #candidates({ name, ifindex }: Interface): Candidate[] {
    const asText = (read: (text: string) => LeaseFacts) => (bytes: Buffer) => read(bytes.toString('latin1'));
    const networkd = asText(networkdLease);
    const dhclient = asText((text) => dhclientLease(text, name));
    const files = (directory: string, matches: (file: string) => boolean, read: Candidate['read']) =>
      namesIn(join(this.#root, directory))
        .filter(matches)
        .map((file) => ({ path: join(this.#root, directory, file), read }));
    return [
      { path: join(this.#root, NETWORKD, String(ifindex)), read: networkd },
      ...files(NETWORK_MANAGER, (file) => isOf(file, 'internal-', name), networkd),
      ...files(NETWORK_MANAGER, (file) => isOf(file, 'dhclient-', name), dhclient),
      ...DHCLIENT.flatMap((directory) =>
        files(directory, (file) => /^dhclient.*\.leases?$/.test(file), dhclient),
      ),
      ...DHCPCD.flatMap((directory) =>
        files(directory, (file) => file.endsWith('.lease') && belongsTo(file, name), dhcpPacketLease),
      ),
    ];
  }
}

/** NetworkManager keeps a lease per connection: `internal-<uuid>-<interface>.lease`. */
function isOf(file: string, prefix: string, interfaceName: string): boolean {
  return file.startsWith(prefix) && file.endsWith(`-${interfaceName}.lease`);
}

/** `eth0.lease`, or `wlan0-<SSID>.lease` for each network that was ever joined. */
function belongsTo(file: string, interfaceName: string): boolean {
  return file === `${interfaceName}.lease` || file.startsWith(`${interfaceName}-`);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function contentOf(path: string): { bytes: Buffer; writtenAt: number } | undefined {
  try {
    const { size, mtimeMs } = statSync(path);
    return size > LONGEST ? undefined : { bytes: readFileSync(path), writtenAt: mtimeMs };
  } catch {
    return undefined;
  }
}
