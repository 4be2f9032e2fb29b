import type { MaybeTransfer } from './shared.js';

export interface ProxiesDocument {
  schema: 1;
  since: string;
  until: string;
  proxies: ProxyDocument[];
}

/** A package proxy, and what it did between `since` and `until`. */
export interface ProxyDocument {
  name: string;
  /** Its program, such as `squid`; null when nobody knows. */
  kind: string | null;
  /** `added` by hand; the others are told by what gave it away. */
  found: 'added' | 'label' | 'image' | 'program' | 'mirror' | null;
  /** `elsewhere`: on another machine, where nothing is counted. Null for one that is no more. */
  place: 'container' | 'host' | 'elsewhere' | null;
  /** It is there at this moment. */
  isUp: boolean;
  /** Why it is not there, or what is not known of it; null when all is well. */
  because: string | null;
  /** Owner of its own bytes, as in `status`; null when they are not told apart. */
  owner: string | null;
  /** Address null: a port on every address of this host. */
  endpoints: { address: string | null; port: number; protocol: string }[];
  /** From the view of those who used it; null where only sums are counted, in lower tiers. */
  delivered: MaybeTransfer;
  /** What it moved over uplinks itself; null when that is not known. */
  fetched: MaybeTransfer;
  /** delivered - fetched: negative when it fetched more than anybody asked for. Null when not known. */
  savedBytes: number | null;
  /** By its own log, where that is followed, those that served most; never part of the figures above. */
  packages: ProxyPackageDocument[];
}

/** What a proxy's log says of one package. */
export interface ProxyPackageDocument {
  name: string;
  basis: 'reported';
  requests: number;
  hits: number;
  misses: number;
  servedBytes: number;
  /** Null when the log does not tell. */
  fetchedBytes: number | null;
}
