/**
 * records: what others wrote down about builds and about proxies, read into the values that netmeter itself makes:
 * builds with their steps, and the requests that a proxy served. Pure: lines and bytes in, values out.
 * Everything in here was written elsewhere and may be cut off, mixed up or hostile.
 */
import type { Build } from '../builds/types.js';
import type { Bytes, EpochMs } from '../units.js';

export type BuildRecordKind = 'buildkit-rawjson' | 'buildkit-plain' | 'dockerbuild';
export type ProxyLogKind =
  | 'squid-native'
  | 'squid-combined'
  | 'apt-cacher-ng'
  | 'nginx'
  | 'nginx-json'
  | 'verdaccio-json'
  | 'verdaccio-pretty';
export type RecordKind = BuildRecordKind | ProxyLogKind | 'distribution-metrics';

/** A build of a record, with what BuildKit said about it besides. */
export interface RecordedBuild {
  build: Build;
  /** As BuildKit marked them. In the build, an image is cached as well that only turned out to be there. */
  cachedSteps: number;
  /** Output of its commands. */
  logBytes: Bytes;
  /** Of contexts and Dockerfiles, as they were sent to the engine. */
  contextBytes: Bytes;
  warnings: number;
}

/** What one file of build records held. */
export interface BuildRecords {
  kind: BuildRecordKind;
  builds: RecordedBuild[];
  /** Lines, documents or messages that are no part of a build's progress. */
  skipped: number;
  /** What could not be known, one sentence each. */
  unknown: string[];
}

/** What the proxy did: `hit` from its cache, `miss` fetched, `revalidated` asked whether its copy was still good. */
export type ProxyOutcome = 'hit' | 'miss' | 'revalidated' | 'tunnel' | 'refused' | 'failed' | 'other';

/** One request that a client made of a proxy, as the proxy's log tells it. Bytes are the log's, not the wire's. */
export interface ProxyRequest {
  /** Names the line, the same in every copy of it; two equal lines of one file have different keys. */
  key: string;
  at: EpochMs | undefined;
  client: string | undefined;
  outcome: ProxyOutcome;
  /** The log's own word, such as `TCP_MISS` or `304`. */
  code: string;
  servedBytes: Bytes;
  /** Undefined when the log does not tell. */
  fetchedBytes: Bytes | undefined;
  url: string;
  /** Such as `perl 5.40.1-6`; undefined when the URL names none. */
  package: string | undefined;
}
