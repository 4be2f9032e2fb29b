/**
 * link: the uplinks' own counters, and the host's ways out. Everything comes from the kernel's routing
 * socket, without child processes; nothing here waits.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NetmeterError } from '../../../src/errors.js';
import type { TunnelCourse } from '../../../src/metering/carried.js';
import type { LinkView, Route } from '../../../src/metering/route.js';
import type { LinkCounters, LinkFacts } from '../../../src/metering/types.js';
import {
  addressRequest,
  type InterfaceAddress,
  parseInterfaceAddress,
  RTM_GETADDR,
} from './address-message.js';
import { addChanges, ChangeFeed, type Changes, NETWORK_GROUPS, noChanges } from './change-feed.js';
import { HostNetwork } from './host-network.js';
import { LinkCounterReader } from './link-counters.js';
import { linkFacts } from './link-kind.js';
import type { Link } from './link-message.js';
import { mergingFeatures, readFeatures } from './offloads.js';
import { Rtnetlink } from './rtnetlink.js';
import { tunnelCourses } from './tunnel-courses.js';

/** Public addresses of either family, to look ways up by; nothing is ever sent there. */
const SOMEWHERE: readonly string[] = ['1.1.1.1', '2606:4700:4700::1111'];

export interface LinkMeterOptions {
  /** Interfaces to meter; `undefined`: those that lead beyond the neighbours. */
  links?: readonly string[] | undefined;
  /** Where sysfs is mounted. */
  sysRoot: string;
}

/** One uplink at one moment. */
export interface LinkReading {
  facts: LinkFacts;
  /** Stable for the life of the interface; another interface of the same name has another key. */
  key: string;
  /** As the driver counts, since the interface was created. */
  counters: LinkCounters;
  /** Where its counters began, if it appeared since the last sample: what to make the first delta from. */
  born: LinkCounters | undefined;
  /** It has vanished, and these are its last counters. */
  gone: boolean;
}

export class LinkMeter {
  readonly #options: LinkMeterOptions;
  #open:
    | { rtnetlink: Rtnetlink; feed: ChangeFeed; network: HostNetwork; reader: LinkCounterReader }
    | undefined;
  /** Polled since the last sample. */
  #heard = noChanges();
  readonly #facts = new Map<number, { link: Link; deviceType: string | undefined }>();

  constructor(options: LinkMeterOptions) {
    this.#options = options;
  }

  /**
   * Opens the sockets in the network namespace of the calling thread, and learns what there is.
   * @throws NetmeterError `link-missing` when a chosen interface does not exist
   */
  start(): void {
    if (this.#open !== undefined) return;
    // Before the first dump, so that nothing changes unnoticed in between.
    const feed = ChangeFeed.open(NETWORK_GROUPS);
    try {
      const rtnetlink = Rtnetlink.open();
      const network = new HostNetwork(rtnetlink, this.#options.links);
      this.#open = { rtnetlink, feed, network, reader: new LinkCounterReader(rtnetlink) };
      network.load();
      this.#requireChosen(network);
    } catch (error) {
      feed.close();
      this.stop();
      throw error;
    }
  }

  /**
   * Calls back at once when traffic takes another uplink from now on, so that what was counted until then can be
   * given to the one before. Containers that come and go are no such change.
   */
  watch(onUplinkChange: () => void): void {
    const { feed } = this.#started();
    feed.watch(() => {
      if (this.#open === undefined) return;
      const changes = pollOrLose(feed);
      addChanges(this.#heard, changes);
      if (this.#open.network.movesTraffic(changes)) onUplinkChange();
    });
  }

  stop(): void {
    this.#open?.feed.close();
    this.#open?.rtnetlink.close();
    this.#open = undefined;
  }

  /**
   * Takes in what changed, and reads the uplinks' counters: once a tick, before flows are classified.
   * The first reading of a link that was there before has no delta.
   */
  sample(): LinkReading[] {
    const { feed, network, reader } = this.#started();
    const changes = this.#heard;
    this.#heard = noChanges();
    addChanges(changes, feed.poll());
    const created = network.apply(changes);
    const readings = reader.read(network.uplinks(), created, changes.links);
    return readings.map(({ link, ...reading }) => {
      const facts = this.#factsOf(link);
      if (reading.gone) this.#facts.delete(link.ifindex);
      return { ...reading, facts };
    });
  }

  /** Changes whenever a remote may have another class or link than before. */
  get generation(): number {
    return this.#started().network.generation;
  }

  /** Changes whenever the host's own addresses do. */
  get addressGeneration(): number {
    return this.#started().network.addressGeneration;
  }

  /** Names of all interfaces, uplinks or not. */
  interfaces(): string[] {
    return this.#started().network.names();
  }

  /**
   * The uplink that traffic to wherever leaves by: the default route's, below a tunnel if that is one. Where no
   * default route leads over an uplink, as when another one was chosen, the only one there is.
   */
  defaultUplink(): string | undefined {
    const through = SOMEWHERE.map((address) => this.route(address).uplink).find((name) => name !== undefined);
    const tunnel = this.tunnels().find((course) => course.tunnel === through);
    if (through !== undefined) return tunnel?.over ?? through;
    const [only, ...others] = this.uplinks().filter((link) => !link.tunnel);
    return others.length === 0 ? only?.interface : undefined;
  }

  /** The host's own way to an address; cached until the kernel says that it may have changed. */
  route(address: string): Route {
    return this.#started().network.route(address);
  }

  /** One of the host's interfaces, for flows of sockets in the host's network namespace. */
  link(ifindex: number): LinkView | undefined {
    return this.#started().network.link(ifindex);
  }

  uplinks(): LinkFacts[] {
    return this.#started()
      .network.uplinks()
      .map((link) => this.#factsOf(link));
  }

  /** The tunnels among the uplinks, and the links below them. */
  tunnels(): TunnelCourse[] {
    return tunnelCourses(this.#started().network);
  }

  /**
   * Features of an uplink that make its packets differ from those on the wire.
   * @returns their names, empty when its packets are comparable, `undefined` when the device does not tell
   */
  mergingFeatures(interfaceName: string): string[] | undefined {
    const features = readFeatures(interfaceName);
    return features === undefined ? undefined : mergingFeatures(features);
  }

  /** The host's own addresses. */
  addresses(): InterfaceAddress[] {
    const { rtnetlink } = this.#started();
    const all = rtnetlink.dump(RTM_GETADDR, addressRequest(), parseInterfaceAddress);
    return all.filter((address) => address !== undefined);
  }

  #started() {
    if (this.#open === undefined) throw new NetmeterError('internal', 'the link meter is not started');
    return this.#open;
  }

  #requireChosen(network: HostNetwork): void {
    const names = network.names();
    const missing = this.#options.links?.find((name) => !names.includes(name));
    if (missing === undefined) return;
    const hint = `interfaces here: ${names.sort().join(', ')}`;
    throw new NetmeterError('link-missing', `there is no network interface ${missing}`, { hint });
  }

  #factsOf(link: Link): LinkFacts {
    let known = this.#facts.get(link.ifindex);
    if (known === undefined || known.link.name !== link.name) {
      known = { link, deviceType: this.#deviceType(link.name) };
      this.#facts.set(link.ifindex, known);
    }
    return linkFacts(link, known.deviceType);
  }

  /** What the driver says of itself: the routing socket does not tell wireless from wired. */
  #deviceType(name: string): string | undefined {
    try {
      const text = readFileSync(join(this.#options.sysRoot, 'class/net', name, 'uevent'), 'utf8');
      return /^DEVTYPE=(.+)$/m.exec(text)?.[1];
    } catch {
      return undefined;
    }
  }
}

/** What cannot be read is taken for lost: the next sample reads everything. */
function pollOrLose(feed: ChangeFeed): Changes {
  try {
    return feed.poll();
  } catch {
    return { ...noChanges(), everything: true };
  }
}
