import type { EpochMs } from '../../../src/units.js';

export type ContainerState = 'created' | 'running' | 'exited' | 'removed';

export interface PublishedPort {
  protocol: string;
  /** Address of the host that it listens on; `0.0.0.0` and `::` for every one. */
  hostAddress: string;
  hostPort: number;
  containerPort: number;
}

export interface ContainerAddress {
  network: string;
  /** IPv4 or IPv6. */
  address: string;
}

/**
 * A container as the engine last told. Values are not changed after they were handed out. Whatever the
 * engine has not told yet is undefined: a container that lived shorter than a question takes has only what
 * its events carry, which is name, image and labels. All texts are hostile input.
 */
export interface ContainerFacts {
  /** 64 hex digits. */
  id: string;
  name: string | undefined;
  /** As the user wrote it: `python:3.13-slim`. */
  image: string | undefined;
  /** Those that are of use here only: see `keptLabel`. */
  labels: Readonly<Record<string, string>>;
  composeProject: string | undefined;
  composeService: string | undefined;
  /** Folder on the developer's machine that a Dev Container was made for. */
  devContainerFolder: string | undefined;
  /** `host`, `none`, `bridge`, `container:<id>` or the name of a network. */
  networkMode: string | undefined;
  /** A registry whose settings name another one that it fetches from. */
  isPullThrough?: boolean | undefined;
  /** First process, in the pid namespace of the engine; undefined unless it runs. */
  pid: number | undefined;
  state: ContainerState;
  publishedPorts: readonly PublishedPort[];
  addresses: readonly ContainerAddress[];
  /** By the engine's clock; undefined until it is removed. */
  removedAt: EpochMs | undefined;
}

/** The end of an image pull by `docker pull` or the like. Builds do not report theirs here. */
export interface ImagePull {
  /** `busybox:latest` */
  image: string;
  at: EpochMs;
}

/** Which of a container's output is wanted: its last lines, or those since a time in seconds, digits behind the point. */
export type OutputWanted = { tail: number } | { since: string };

export interface EngineProcess {
  pid: number;
  role: 'engine' | 'containerd' | 'buildkitd';
  /** Name of its program as the kernel has it: `dockerd`. */
  comm: string;
  /** Below the cgroup2 mount; undefined where there is none, or when the process could not be read. */
  cgroupPath: string | undefined;
}

export interface EngineFacts {
  /** For people and for owners: the Docker context's name, `default`, or the address that was given. */
  name: string;
  /** Stable over restarts; what the engine calls its ID. */
  id: string | undefined;
  version: string;
  /** The version of the API that is spoken with it. */
  apiVersion: string;
  /** `DockerRootDir` as the engine sees it: below `/proc/<pid>/root`. */
  rootDir: string | undefined;
  operatingSystem: string | undefined;
  storageDriver: string | undefined;
  /** Images and snapshots are kept by containerd rather than by the engine's own graph drivers. */
  containerdImageStore: boolean;
  containerdVersion: string | undefined;
  containerdAddress: string | undefined;
  cgroupDriver: string | undefined;
  cgroupVersion: string | undefined;
  /** The kernel of another machine runs its containers: Docker Desktop, or an address that is not of here. */
  elsewhere: boolean;
  rootless: boolean;
  /** URLs asked instead of Docker Hub. */
  registryMirrors: readonly string[];
  httpProxy: string | undefined;
  httpsProxy: string | undefined;
  /** `docker build` uses BuildKit unless told otherwise. */
  buildkitByDefault: boolean;
  /** BuildKit keeps a history of builds that can be listened to: Engine 24 and later. */
  buildHistory: boolean;
  /** The engine's own process; undefined when it is not of this machine or could not be found. */
  pid: number | undefined;
  /** The engine, its containerd and its buildkitd, as far as they are processes of this machine. */
  processes: readonly EngineProcess[];
}

export type EngineChange =
  /** `restarted`: another process than before, or one that cannot be told from another. */
  { connected: true; engine: EngineFacts; restarted: boolean } | { connected: false; because: string };
