/** Containers and engines as an observer would tell of them, with only what a test cares for. */

import type {
  ContainerFacts,
  EngineChange,
  EngineFacts,
  EngineProcess,
} from '../../../../daemon/observe/docker/types.js';
import type { ContainerSource } from '../../../../daemon/observe/owners/owner-resolver.js';

export function container(id: string, facts: Partial<ContainerFacts> = {}): ContainerFacts {
  return {
    id,
    name: undefined,
    image: undefined,
    labels: {},
    composeProject: undefined,
    composeService: undefined,
    devContainerFolder: undefined,
    networkMode: undefined,
    pid: undefined,
    state: 'running',
    publishedPorts: [],
    addresses: [],
    removedAt: undefined,
    ...facts,
  };
}

export function engine(
  cgroups: Partial<Record<EngineProcess['role'], string>>,
  name = 'default',
): EngineFacts {
  const roles = Object.entries(cgroups) as [EngineProcess['role'], string][];
  const comms = { engine: 'dockerd', containerd: 'containerd', buildkitd: 'buildkitd' };
  return {
    name,
    id: undefined,
    version: '28.5.2',
    apiVersion: '1.51',
    rootDir: '/var/lib/docker',
    operatingSystem: 'Linux',
    storageDriver: 'overlay2',
    containerdImageStore: false,
    containerdVersion: undefined,
    containerdAddress: undefined,
    cgroupDriver: 'systemd',
    cgroupVersion: '2',
    elsewhere: false,
    rootless: false,
    registryMirrors: [],
    httpProxy: undefined,
    httpsProxy: undefined,
    buildkitByDefault: true,
    buildHistory: true,
    pid: 100,
    processes: roles.map(([role, cgroupPath], index) => ({
      pid: 100 + index,
      role,
      comm: comms[role],
      cgroupPath,
    })),
  };
}

/** What an observer knows, under the test's hand. */
export class KnownContainers implements ContainerSource {
  readonly #containers = new Map<string, ContainerFacts>();
  readonly #containerListeners = new Set<(container: ContainerFacts) => void>();
  readonly #engineListeners = new Set<(change: EngineChange) => void>();
  #engine: EngineFacts | undefined;

  put(facts: ContainerFacts): void {
    this.#containers.set(facts.id, facts);
    for (const listener of this.#containerListeners) listener(facts);
  }

  forget(id: string): void {
    this.#containers.delete(id);
  }

  connect(facts: EngineFacts): void {
    this.#engine = facts;
    for (const listener of this.#engineListeners)
      listener({ connected: true, engine: facts, restarted: false });
  }

  disconnect(): void {
    this.#engine = undefined;
    for (const listener of this.#engineListeners) listener({ connected: false, because: 'gone' });
  }

  container(id: string): ContainerFacts | undefined {
    return this.#containers.get(id);
  }

  containers(): Iterable<ContainerFacts> {
    return this.#containers.values();
  }

  engine(): EngineFacts | undefined {
    return this.#engine;
  }

  onContainer(listener: (container: ContainerFacts) => void): () => void {
    this.#containerListeners.add(listener);
    return () => this.#containerListeners.delete(listener);
  }

  onEngine(listener: (change: EngineChange) => void): () => void {
    this.#engineListeners.add(listener);
    return () => this.#engineListeners.delete(listener);
  }
}
