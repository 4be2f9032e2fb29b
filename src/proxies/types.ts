/**
 * proxies: which package proxies there are, and where they listen. Found by their containers' labels and
 * images, by programs that listen on the host, by the engine's registry mirrors, or added by hand. What they
 * delivered is what others got from their endpoints; what they fetched is what their own owners moved.
 */
import type { ProxyEndpoint } from '../metering/proxy-endpoints.js';

/** `added` by hand; the others are told by what gave them away. */
export type ProxyOrigin = 'added' | 'label' | 'image' | 'program' | 'mirror';

/** `elsewhere`: on another machine, where nothing is counted. */
export type ProxyPlace = 'container' | 'host' | 'elsewhere';

/** What somebody added by hand: an address with its port, or a container. */
export interface AddedProxy {
  name: string;
  /** Host and port, as it was given; undefined for a container. */
  address: string | undefined;
  /** Name or id. */
  container: string | undefined;
}

/** A proxy as it was found, before names are made unique. */
export interface ProxyFinding {
  name: string;
  /** Key of a well-known program: `squid`; undefined for what nobody knows. */
  kind: string | undefined;
  origin: ProxyOrigin;
  place: ProxyPlace;
  /** Whose bytes are all its own; undefined when it shares its cgroup with others, or is elsewhere. */
  ownerId: string | undefined;
  endpoints: readonly Endpoint[];
  /** Why it is not counted, or only in part; for people. */
  because: string | undefined;
}

export type Endpoint = Omit<ProxyEndpoint, 'name'>;

/** A proxy that is known at this moment, under a name that no other has. */
export interface KnownProxy extends ProxyFinding {
  /** False for one that has just ended, and may be back. */
  isUp?: boolean;
}

/** What a proxy's own log says of one package: reported by it, and in no sum of what was counted. */
export interface ProxyPackage {
  proxy: string;
  /** Such as `perl 5.40.1-6`. */
  name: string;
  requests: number;
  hits: number;
  misses: number;
  servedBytes: number;
  /** Null when the log does not tell. */
  fetchedBytes: number | null;
}
