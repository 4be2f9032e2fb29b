/**
 * observe/owners: whose bytes a counter's are. A cgroup's path tells what it is, the Docker engine tells
 * what that is called; an owner whose name comes late is told of again, under the same id.
 */
import { type CgroupMeaning, classifyCgroup } from '../../../src/metering/cgroup-path.js';
import type { Owner } from '../../../src/metering/types.js';
import { Listeners } from '../docker/listeners.js';
import type { ContainerFacts, EngineChange, EngineFacts } from '../docker/types.js';
import { programsIn } from './cgroup-programs.js';
import { OwnerBook, type OwnerNews } from './owner-book.js';
import { type CgroupOwner, type HostMeaning, ownerOfCgroup } from './owner-of-cgroup.js';
import { ownerOfContainer, relayOfContainer } from './owner-of-container.js';
import { type FlowFacts, PublishedPorts } from './published-ports.js';

/** What a Docker observer offers. */
export interface ContainerSource {
  container(id: string): ContainerFacts | undefined;
  containers(): Iterable<ContainerFacts>;
  engine(): EngineFacts | undefined;
  onContainer(listener: (container: ContainerFacts) => void): () => void;
  onEngine(listener: (change: EngineChange) => void): () => void;
}

export interface OwnerResolverOptions {
  docker: ContainerSource | undefined;
  /** The cgroup2 mount; undefined where there is none. */
  cgroupRoot: string | undefined;
  procRoot: string;
  /** Cookie of the host's network namespace, to tell a rootless engine from what carries its packets. */
  hostNetns?: number | undefined;
  log: (message: string) => void;
}

interface KnownCgroup {
  path: string | undefined;
  meaning: CgroupMeaning | undefined;
  /** A container, a step, or one that is unknown: it stays what it is. */
  fixed: Owner | undefined;
  /** What the host runs in it. */
  host: CgroupOwner | undefined;
  /** All that its flows were given to. */
  ownerIds: Set<string>;
}

export class OwnerResolver {
  readonly #options: OwnerResolverOptions;
  readonly #cgroups = new Map<number, KnownCgroup>();
  readonly #owners = new OwnerBook((owner) => this.#listeners.tell(owner));
  readonly #ports = new PublishedPorts();
  readonly #listeners: Listeners<Owner>;
  /** The last one that was connected: while it is restarted, its cgroup is its own still. */
  #engine: EngineFacts | undefined;
  #ends: (() => void)[] = [];

  constructor(options: OwnerResolverOptions) {
    this.#options = options;
    this.#listeners = new Listeners((error) => options.log(`owners: a listener failed: ${String(error)}`));
  }

  /** From now on what the Docker observer hears is taken over. */
  start(): void {
    const { docker } = this.#options;
    if (docker === undefined) return;
    this.#ends = [
      docker.onContainer((container) => this.#containerChanged(container)),
      docker.onEngine((change) => {
        if (change.connected) this.#engineChanged(change.engine);
      }),
    ];
    this.#engine = docker.engine();
    for (const container of docker.containers()) this.#ports.add(container);
  }

  stop(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  /** Every owner once, and again whenever something about it changed. Returns the function that ends it. */
  onOwner(listener: (owner: Owner) => void): () => void {
    return this.#listeners.add(listener);
  }

  owner(id: string): Owner | undefined {
    return this.#owners.get(id);
  }

  /**
   * Whose bytes these are.
   *
   * @param path of the cgroup below the cgroup2 mount; undefined when it could not be learnt
   * @param flow tells the engine's own bytes from those that its docker-proxy carries
   */
  resolve(cgroupId: number, path: string | undefined, flow?: FlowFacts): Owner {
    const cgroup = this.#cgroup(cgroupId, path);
    const owner = cgroup.fixed ?? this.#fixed(cgroupId, cgroup) ?? this.#host(cgroup, flow);
    cgroup.ownerIds.add(owner.id);
    return this.#owners.get(owner.id) ?? owner;
  }

  /** Adds to an owner what was found out elsewhere, be it known yet or not. */
  describe(ownerId: string, news: OwnerNews): void {
    this.#owners.describe(ownerId, news);
  }

  /**
   * To be called once a minute or so. Forgets all cgroups but these and the owners that no cgroup has any
   * more, and looks anew at what runs in the host's cgroups: a VPN may have been started there.
   */
  review(inUse: ReadonlySet<number>): void {
    const used = new Set<string>();
    for (const [id, cgroup] of this.#cgroups) {
      if (!inUse.has(id)) {
        this.#cgroups.delete(id);
        continue;
      }
      for (const ownerId of cgroup.ownerIds) used.add(ownerId);
      if (cgroup.host !== undefined) this.#readHost(cgroup);
    }
    this.#owners.keep(used);
    this.#ports.forget((id) => this.#options.docker?.container(id) === undefined);
  }

  #cgroup(id: number, path: string | undefined): KnownCgroup {
    const known = this.#cgroups.get(id);
    if (known !== undefined && known.path === path) return known;
    const meaning = path === undefined ? undefined : classifyCgroup(path);
    const ownerIds = new Set<string>();
    const cgroup = { path, meaning, fixed: undefined, host: undefined, ownerIds };
    this.#cgroups.set(id, cgroup);
    return cgroup;
  }

  /** @returns undefined for a cgroup of the host */
  #fixed(cgroupId: number, cgroup: KnownCgroup): Owner | undefined {
    const { meaning } = cgroup;
    if (meaning === undefined) {
      const name = cgroupId === 0 ? 'unknown cgroup' : `unknown cgroup ${cgroupId}`;
      cgroup.fixed = this.#owners.put({ id: `host:?${cgroupId}`, kind: 'host', name, facts: {} });
    } else if (meaning.kind === 'executor') {
      const name = `build step ${meaning.id}`;
      const facts = { cgroupPath: meaning.path, cgroupId };
      cgroup.fixed = this.#owners.put({ id: `exec:${meaning.id}`, kind: 'step', name, facts });
    } else if (meaning.kind === 'container' || meaning.kind === 'machine') {
      const { docker } = this.#options;
      const inner = meaning.inner.findLast((id) => docker?.container(id) !== undefined);
      const id = inner ?? (meaning.kind === 'container' ? meaning.id : undefined);
      if (id === undefined) return undefined;
      const runtime = meaning.kind === 'container' ? meaning.runtime : 'docker';
      const owner = this.#owners.put(ownerOfContainer(id, meaning.path, runtime, docker?.container(id)));
      // A container in a container may become known later.
      if (inner !== undefined || meaning.inner.length === 0) cgroup.fixed = owner;
      return owner;
    }
    return cgroup.fixed;
  }

  #host(cgroup: KnownCgroup, flow: FlowFacts | undefined): Owner {
    const { hostNetns, docker } = this.#options;
    const { owner, engine, relay } = cgroup.host ?? this.#readHost(cgroup);
    if (engine === undefined || flow === undefined) return owner;
    if (relay !== undefined && hostNetns !== undefined && flow.netns === hostNetns) {
      return this.#owners.put({ id: `relay:${relay}`, kind: 'relay', name: relay, facts: owner.facts });
    }
    // Others in the same cgroup may connect to a container, but only docker-proxy can listen for it.
    const containerId = engine === 'alone' || flow.serviceIsLocal ? this.#ports.containerOf(flow) : undefined;
    return containerId === undefined
      ? owner
      : this.#owners.put(relayOfContainer(containerId, docker?.container(containerId)));
  }

  #readHost(cgroup: KnownCgroup): CgroupOwner {
    const { cgroupRoot, procRoot } = this.#options;
    const path = cgroup.path!;
    const programs = (): string[] => (cgroupRoot === undefined ? [] : programsIn(cgroupRoot, procRoot, path));
    const host = ownerOfCgroup(cgroup.meaning as HostMeaning, this.#engine, programs);
    cgroup.host = host;
    this.#owners.put(host.owner);
    return host;
  }

  #containerChanged(container: ContainerFacts): void {
    this.#ports.add(container);
    const { id } = container;
    const owner = this.#owners.get(`container:${id}`);
    if (owner !== undefined)
      this.#owners.put(ownerOfContainer(id, owner.facts.cgroupPath, 'docker', container));
    if (this.#owners.get(`relay:${id}`) !== undefined) this.#owners.put(relayOfContainer(id, container));
  }

  /** Where the engine is decides what the host's cgroups are. */
  #engineChanged(engine: EngineFacts): void {
    this.#engine = engine;
    for (const cgroup of this.#cgroups.values()) cgroup.host = undefined;
  }
}
