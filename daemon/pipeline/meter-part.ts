import { readFileSync } from 'node:fs';
import type { Execution } from '../../src/builds/types.js';
import type { Surroundings } from '../../src/metering/classify.js';
import type { Owner, SourceState } from '../../src/metering/types.js';
import type { EpochMs, Interval } from '../../src/units.js';
import type { Log } from '../lifecycle/log.js';
import type { Part } from '../lifecycle/supervisor.js';
import type { LinkNames } from '../links/link-names.js';
import type { DockerStatsMeter } from '../meter/docker-stats/docker-stats-meter.js';
import type { EbpfMeter } from '../meter/ebpf/ebpf-meter.js';
import type { LinkMeter } from '../meter/link/link-meter.js';
import type { NetnsMeter } from '../meter/netns/netns-meter.js';
import type { DockerObserver } from '../observe/docker/docker-observer.js';
import type { ExecutionListener } from '../observe/executor/executor-watch.js';
import { ownerOfContainer } from '../observe/owners/owner-of-container.js';
import type { OwnerResolver } from '../observe/owners/owner-resolver.js';
import type { ProxyBook } from '../observe/proxies/proxy-book.js';
import type { Store, TickBatch } from '../store/types.js';
import type { Clock } from './clock.js';
import { ExactSource } from './exact-source.js';
import type { StoredPositions } from './inherited-flows.js';
import { LinkSource } from './link-source.js';
import { MeterLoop, type TickSource } from './meter-loop.js';
import { Neighbours } from './neighbours.js';
import { OwnerCounterSource, type OwnerReading } from './owner-counter-source.js';
import { ProxySource } from './proxy-source.js';
import { firstProcessIn } from './step-processes.js';
import type { OpenTier } from './tier.js';

export interface MeterPartOptions {
  store: Store;
  clock: Clock;
  log: Log;
  tickMs: number;
  tier: OpenTier;
  links: LinkMeter;
  names: LinkNames;
  docker: DockerObserver;
  owners: OwnerResolver;
  proxies: ProxyBook;
  hostNetns: number | undefined;
  procRoot: string;
  onCommit(batch: TickBatch): void;
  onIdle(interval: Interval): void;
}

/** What the store knows of the counters that are about to be read. */
interface Resumption {
  epoch: string;
  stored: StoredPositions;
  /** Wall clock of the last sample, when these counters go on from there. */
  countedSince: EpochMs | undefined;
}

/** IEEE 802.3 */
const ETHERNET_MTU = 1500;

/** The meter from its first sample to its last: owners' counters and links' in one tick. */
export class MeterPart implements Part, ExecutionListener {
  readonly name = 'meter';
  readonly stopLimitMs = 15_000;
  readonly linkSource: LinkSource;
  readonly #options: MeterPartOptions;
  readonly #executions = new Map<string, Execution>();
  #exact: ExactSource | undefined;
  #loop: MeterLoop | undefined;
  #linksGeneration: number | undefined;
  #toldOfTails = false;
  #isDetached = false;

  constructor(options: MeterPartOptions) {
    this.#options = options;
    this.linkSource = new LinkSource(options.links, options.names, options.clock.boot);
  }

  async start(): Promise<void> {
    const { tier, store, clock, log, tickMs, onCommit, onIdle } = this.#options;
    const resumption = await this.#resumption();
    this.linkSource.restore(resumption.stored.positions);
    const source = this.#source(tier, resumption);
    this.#followLinks();
    this.#loop = new MeterLoop({
      // Links first, then proxies: they take in what changed, by which flows are placed.
      sources: [this.linkSource, new ProxySource(this.#options.proxies, () => this.#followProxies()), source],
      store,
      clock,
      log,
      tickMs,
      epoch: () => resumption.epoch,
      countedSince: resumption.countedSince,
      onCommit: (batch) => {
        this.#followLinks();
        onCommit(batch);
      },
      onIdle,
    });
    await this.#loop.start();
  }

  /** The last sample is made after the kernel counts no more, so that nothing is missing from it. */
  async stop(): Promise<void> {
    const { tier, clock } = this.#options;
    if (tier.tier === 'exact') {
      await this.#loop?.halt();
      await this.#loop?.sample();
      this.#keepWhatIsNotStored(tier.meter);
      const last = tier.meter.detach(clock.monotonic(), () => this.linkSource.end());
      this.#exact?.end(last);
    }
    this.#isDetached = true;
    await this.#loop?.stop();
    if (tier.tier !== 'exact') tier.meter.stop();
    const because = this.#notStored();
    if (because !== undefined) throw new Error(`what moved last could not be stored: ${because}`);
  }

  /** Why the last sample of the kernel's counters is not in the database; undefined when it is. */
  #notStored(): string | undefined {
    const kept = [this.#exact?.name, 'store'];
    return this.states().find(({ name, ok }) => !ok && kept.includes(name))?.because;
  }

  /**
   * What cannot be stored is kept where it is: the kernel goes on counting for the next start.
   * @throws Error that says so
   */
  #keepWhatIsNotStored(meter: EbpfMeter): void {
    const because = this.#notStored();
    if (because === undefined || !meter.pinning.ok) return;
    meter.close();
    throw new Error(
      `the kernel goes on counting for the next start, since nothing can be stored: ${because}`,
    );
  }

  async sample(): Promise<void> {
    await this.#loop?.sample();
  }

  edge(): void {
    this.#loop?.edge();
  }

  states(): SourceState[] {
    return this.#loop?.states() ?? [];
  }

  /** Counts of what could not be kept apart, for `status`. */
  lost(): Record<string, number> {
    const overflow = this.#exact?.overflow;
    if (overflow === undefined) return {};
    return {
      mapOverflows: overflow.byCgroup.entries,
      overflowBytesByCgroup: overflow.byCgroup.bytes,
      overflowBytesInTotal: overflow.inTotal.bytes,
    };
  }

  seen(execution: Execution): void {
    this.#executions.set(execution.id, execution);
    if (this.#options.tier.tier === 'header') this.#findNamespaces();
  }

  gone(execution: Execution): void {
    this.#executions.delete(execution.id);
  }

  missed(): void {}

  async #resumption(): Promise<Resumption> {
    const { store, tier, procRoot } = this.#options;
    const lastTickAt = await store.lastTickAt();
    if (tier.tier !== 'exact') {
      const bootId = readFileSync(`${procRoot}/sys/kernel/random/boot_id`, 'utf8').trim();
      const epoch = `${bootId}:${tier.tier}`;
      const positions = await store.positions(epoch);
      const countedSince = positions.length > 0 ? lastTickAt : undefined;
      return { epoch, stored: { epoch, positions }, countedSince };
    }
    const { epoch, inherited } = tier.meter;
    for (const known of [epoch, ...inherited.map((counters) => counters.epoch)]) {
      const positions = await store.positions(known);
      const stored = { epoch: known, positions };
      if (positions.length > 0) return { epoch, stored, countedSince: lastTickAt };
    }
    return { epoch, stored: { epoch, positions: [] }, countedSince: undefined };
  }

  #source(tier: OpenTier, resumption: Resumption): TickSource {
    if (tier.tier === 'exact') return this.#exactSource(tier.meter, resumption);
    const { clock } = this.#options;
    const read =
      tier.tier === 'header' ? () => this.#readNamespaces(tier.meter) : () => this.#readStats(tier.meter);
    const name = tier.tier === 'header' ? 'namespaces' : 'docker stats';
    const link = () => this.#onlyLink();
    const source = new OwnerCounterSource({ name, tier: tier.tier, read, link, boot: clock.boot });
    source.restore(resumption.stored.positions);
    return source;
  }

  #exactSource(meter: EbpfMeter, { countedSince, stored }: Resumption): ExactSource {
    const { owners, links, names, proxies, hostNetns, clock, procRoot } = this.#options;
    const surroundings: Surroundings = {
      route: (address) => links.route(address),
      link: (ifindex) => links.link(ifindex),
      proxyAt: (remote, ownAddress) => proxies.proxyAt(remote, ownAddress),
    };
    const placesGeneration = () => links.generation + names.generation + proxies.generation;
    const exact = new ExactSource({
      meter,
      owners,
      surroundings,
      onlyLink: () => this.#onlyLink(),
      linkName: (interfaceName) => names.of(interfaceName),
      neighbours: new Neighbours(procRoot, meter.cgroup.path, clock.monotonic),
      placesGeneration,
      hostNetns,
      clock,
    });
    exact.restore(countedSince === undefined ? undefined : stored);
    this.#exact = exact;
    return exact;
  }

  /** Once: what an old kernel cannot do it will not be able to do on the next change of links either. */
  #tellOfTails(because: string | undefined): void {
    if (because === undefined || this.#toldOfTails) return;
    this.#toldOfTails = true;
    this.#options.log.info(`the last packets of ended connections stay unattributed: ${because}`);
  }

  /** By which fragments are counted: a container's packets are fragmented for the uplink at the latest. */
  #followLinks(): void {
    const { tier, links, hostNetns } = this.#options;
    if (tier.tier !== 'exact' || this.#isDetached || this.#linksGeneration === links.generation) return;
    this.#linksGeneration = links.generation;
    const uplinks = links.uplinks();
    const smallest = uplinks.reduce((least, link) => Math.min(least, link.mtu), Number.POSITIVE_INFINITY);
    const mtus = uplinks.map(({ ifindex, mtu }) => ({ netns: hostNetns ?? 0, ifindex, mtu }));
    this.#tellOfTails(tier.meter.setLinks(uplinks.map(({ ifindex }) => ifindex)));
    tier.meter.setMtus(Number.isFinite(smallest) ? smallest : ETHERNET_MTU, mtus);
  }

  /** Those on high ports have to be told to the kernel: it takes such a port for a client's. */
  #followProxies(): void {
    const { tier, proxies } = this.#options;
    if (tier.tier === 'exact' && !this.#isDetached) tier.meter.setEndpoints(proxies.endpoints);
  }

  #onlyLink(): string | undefined {
    const { links, names } = this.#options;
    const [only, ...others] = links.uplinks().filter((link) => !link.tunnel);
    return only !== undefined && others.length === 0 ? names.of(only.interface) : undefined;
  }

  #readNamespaces(meter: NetnsMeter): OwnerReading[] {
    this.#findNamespaces();
    return meter.sample().readings.map(({ ownerId, key, counters, ended }) => ({
      owner: this.#ownerOf(ownerId),
      key,
      counters,
      ended,
    }));
  }

  #findNamespaces(): void {
    const { tier, docker, procRoot } = this.#options;
    if (tier.tier !== 'header') return;
    const containers = [...docker.containers()].flatMap(({ id, pid }) =>
      pid === undefined ? [] : [{ ownerId: `container:${id}`, pid }],
    );
    const steps = [...this.#executions.values()].flatMap(({ id, cgroupPath }) => {
      const pid = firstProcessIn(cgroupPath, procRoot);
      return pid === undefined ? [] : [{ ownerId: `exec:${id}`, pid }];
    });
    tier.meter.setOwners([...containers, ...steps]);
  }

  async #readStats(meter: DockerStatsMeter): Promise<OwnerReading[]> {
    const counters = await meter.sample();
    return counters.map(({ containerId, pid, rxBytes, txBytes, rxPackets, txPackets }) => ({
      owner: this.#ownerOf(`container:${containerId}`),
      key: `stats:${containerId}#${pid ?? 0}`,
      counters: { rxBytes, txBytes, rxPackets, txPackets },
      ended: false,
    }));
  }

  #ownerOf(ownerId: string): Owner {
    const known = this.#options.owners.owner(ownerId);
    if (known !== undefined) return known;
    if (ownerId.startsWith('exec:')) {
      return { id: ownerId, kind: 'step', name: `build step ${ownerId.slice('exec:'.length)}`, facts: {} };
    }
    const id = ownerId.slice('container:'.length);
    return ownerOfContainer(id, undefined, 'docker', this.#options.docker.container(id));
  }
}
