/**
 * observe/proxies: the package proxies that there are at this moment, and where they listen. Looked at on
 * every tick, before bytes are placed: what is not a proxy yet is not taken for one, and one that ended
 * stays one for the minute that a restart takes, unless somebody else took its place.
 */
import { type ProxyLookup, proxyLookup } from '../../../src/metering/proxy-endpoints.js';
import type { Remote } from '../../../src/metering/types.js';
import { parseHostAndPort } from '../../../src/proxies/address-text.js';
import { proxyInContainer } from '../../../src/proxies/container-proxy.js';
import { mergeFindings } from '../../../src/proxies/merge.js';
import type { Listening } from '../../../src/proxies/proc-net-tcp.js';
import type { AddedProxy, Endpoint, KnownProxy, ProxyFinding } from '../../../src/proxies/types.js';
import type { Milliseconds } from '../../../src/units.js';
import type { ContainerFacts, EngineChange, EngineFacts } from '../docker/types.js';
import type { OwnerNews } from '../owners/owner-book.js';
import { HostNames } from './host-names.js';
import { proxiesOnHost } from './host-programs.js';
import { listeningIn } from './listening.js';
import { ListeningDump } from './listening-dump.js';
import { type PlacedProxy, type ProxySurroundings, placedProxy } from './placed-proxy.js';

/** What a Docker observer offers. */
export interface ProxyContainers {
  containers(): Iterable<ContainerFacts>;
  container(id: string): ContainerFacts | undefined;
  engine(): EngineFacts | undefined;
  onContainer(listener: (container: ContainerFacts) => void): () => void;
  onEngine(listener: (change: EngineChange) => void): () => void;
}

export interface ProxyBookOptions {
  docker: ProxyContainers;
  procRoot: string;
  cgroupRoot: string | undefined;
  isOwn(address: string): boolean;
  /** Reached through a gateway: what comes from there crossed the uplink. */
  isBeyond(address: string): boolean;
  describe(ownerId: string, news: OwnerNews): void;
  monotonic(): Milliseconds;
  onChange(known: readonly KnownProxy[]): void;
}

interface Ended {
  proxy: KnownProxy;
  at: Milliseconds;
}

/** How long a proxy may take to be back before its place is anybody's. */
const RESTART: Milliseconds = 60_000;

export class ProxyBook {
  readonly #options: ProxyBookOptions;
  readonly #names: HostNames;
  readonly #listening: ListeningDump;
  #added: readonly AddedProxy[] = [];
  #known: readonly KnownProxy[] = [];
  #ended: Ended[] = [];
  #lookup: ProxyLookup = () => undefined;
  #sockets: Listening[] = [];
  /** Those that listened when it was last looked who they are. */
  #seen: ReadonlySet<number> = new Set();
  #told = '[]';
  #isStale = true;
  #generation = 0;
  #ends: (() => void)[] = [];

  constructor(options: ProxyBookOptions) {
    this.#options = options;
    this.#names = new HostNames(options.monotonic, () => this.#outdate());
    this.#listening = new ListeningDump(() => listeningIn(options.procRoot, 'self'));
  }

  start(added: readonly AddedProxy[]): void {
    const { docker } = this.#options;
    this.#added = added;
    this.#ends = [docker.onContainer(() => this.#outdate()), docker.onEngine(() => this.#outdate())];
  }

  stop(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#listening.close();
  }

  /** Those that are there, and those that ended within the last minute. */
  get known(): readonly KnownProxy[] {
    return [...this.#known, ...this.#ended.map(({ proxy }) => proxy)];
  }

  get endpoints(): readonly Endpoint[] {
    return this.known.flatMap(({ endpoints }) => endpoints);
  }

  /** Changes when a remote may be a proxy that was none before, or no more one. */
  get generation(): number {
    return this.#generation;
  }

  proxyAt(remote: Remote, ownAddress: boolean): string | undefined {
    return this.#lookup(remote, ownAddress);
  }

  /** Takes over what somebody added or removed. */
  async setAdded(added: readonly AddedProxy[]): Promise<void> {
    const removed = this.#added.filter((before) => !added.some(({ name }) => name === before.name));
    this.#added = added;
    const hosts = added.flatMap(({ address }) => (address && parseHostAndPort(address)?.host) || []);
    await Promise.all(hosts.map((host) => this.#names.settle(host)));
    this.#rebuild(new Set(removed.map(({ name }) => name)));
  }

  /** Once a tick. Costs two small questions while nobody begins or ends to listen. */
  look(): void {
    this.#sockets = this.#listening.read();
    const now = this.#options.monotonic();
    const isOver = this.#ended.some(({ at }) => now - at >= RESTART);
    if (!this.#isStale && !isOver && this.#isAsSeen()) return;
    this.#rebuild(new Set());
  }

  #isAsSeen(): boolean {
    return (
      this.#sockets.length === this.#seen.size && this.#sockets.every(({ inode }) => this.#seen.has(inode))
    );
  }

  #outdate(): void {
    this.#isStale = true;
  }

  #rebuild(removed: ReadonlySet<string>): void {
    this.#isStale = false;
    const before = this.#known;
    const around = this.#surroundings();
    this.#known = mergeFindings(this.#findings(around));
    this.#keepEnded(before, removed, around);
    this.#seen = new Set(this.#sockets.map(({ inode }) => inode));
    this.#tellOwners(before, removed);
    const all = this.known;
    const next = all.flatMap(({ name, endpoints }) => endpoints.map((endpoint) => ({ ...endpoint, name })));
    this.#lookup = proxyLookup(next);
    if (JSON.stringify(all) === this.#told) return;
    this.#told = JSON.stringify(all);
    this.#generation += 1;
    this.#options.onChange(all);
  }

  #surroundings(): ProxySurroundings {
    const { docker, procRoot, cgroupRoot, isOwn } = this.#options;
    return {
      procRoot,
      cgroupRoot,
      containerName: (id) => docker.container(id)?.name,
      containers: [...docker.containers()].filter(({ state }) => state === 'running'),
      sockets: this.#sockets,
      isOwn,
    };
  }

  /** In the order in which they are believed. */
  #findings(around: ProxySurroundings): ProxyFinding[] {
    const listening = ({ pid }: ContainerFacts) => [
      ...new Set(
        pid === undefined || around.containers.length === 0
          ? []
          : listeningIn(around.procRoot, String(pid))
              .filter(({ address }) => address === undefined || !address.startsWith('127.'))
              .map(({ port }) => port),
      ),
    ];
    const byHand = this.#added.flatMap((added) => {
      if (added.container === undefined) return addedAt(added, this.#names, around);
      const container = around.containers.find(({ id, name }) => isNamed(added.container!, id, name));
      if (container === undefined) return [];
      return (
        proxyInContainer(container, { name: added.name, origin: 'added' }, () => listening(container)) ?? []
      );
    });
    const contained = around.containers.flatMap(
      (container) => proxyInContainer(container, undefined, () => listening(container)) ?? [],
    );
    return [...byHand, ...contained, ...this.#mirrors(around), ...proxiesOnHost(around, this.#sockets)];
  }

  /** A mirror that is reached over the uplink saves nothing: its bytes are wan. */
  #mirrors(around: ProxySurroundings): ProxyFinding[] {
    const { docker, isBeyond } = this.#options;
    return (docker.engine()?.registryMirrors ?? []).flatMap((url) => {
      const place = parseHostAndPort(url);
      if (place === undefined) return [];
      const addresses = this.#names.addresses(place.host).filter((address) => !isBeyond(address));
      if (addresses.length === 0) return [];
      const placed: PlacedProxy = { name: place.host, origin: 'mirror', addresses, port: place.port };
      return [placedProxy(placed, around)];
    });
  }

  #keepEnded(
    before: readonly KnownProxy[],
    removed: ReadonlySet<string>,
    { containers, sockets }: ProxySurroundings,
  ): void {
    const now = this.#options.monotonic();
    const isBack = ({ name, ownerId }: KnownProxy) =>
      this.#known.some(
        (known) => known.name === name || (ownerId !== undefined && known.ownerId === ownerId),
      );
    const isTaken = ({ address, port }: Endpoint) =>
      address === undefined || this.#options.isOwn(address)
        ? sockets.some((socket) => socket.port === port && !this.#seen.has(socket.inode))
        : containers.some((container) => container.addresses.some((each) => each.address === address));
    const gone = before.map((proxy) => ({ proxy, at: now }));
    this.#ended = [...this.#ended, ...gone]
      .filter(({ proxy, at }) => !isBack(proxy) && !removed.has(proxy.name) && now - at < RESTART)
      .map(({ proxy, at }) => {
        const endpoints = proxy.endpoints.filter((endpoint) => !isTaken(endpoint));
        return { proxy: { ...proxy, endpoints, because: 'it has ended', isUp: false }, at };
      });
  }

  #tellOwners(before: readonly KnownProxy[], removed: ReadonlySet<string>): void {
    const { describe } = this.#options;
    const owners = new Set(this.#known.flatMap(({ ownerId }) => ownerId ?? []));
    for (const id of owners) describe(id, { kind: 'proxy' });
    for (const { name, ownerId } of before) {
      if (ownerId === undefined || owners.has(ownerId) || !removed.has(name)) continue;
      describe(ownerId, { kind: ownerId.startsWith('container:') ? 'container' : 'host' });
    }
  }
}

function addedAt(added: AddedProxy, names: HostNames, around: ProxySurroundings): ProxyFinding[] {
  const place = parseHostAndPort(added.address ?? '');
  if (place === undefined) return [];
  const addresses = names.addresses(place.host);
  return [placedProxy({ name: added.name, origin: 'added', addresses, port: place.port }, around)];
}

function isNamed(wanted: string, id: string, name: string | undefined): boolean {
  return name === wanted || (/^[0-9a-f]{12,64}$/.test(wanted) && id.startsWith(wanted));
}
