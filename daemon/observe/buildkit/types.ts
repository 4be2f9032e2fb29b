import type { BuildRecord } from '../../../src/builds/facts.js';
import type { StatusUpdate } from '../../../src/builds/status.js';
import type { CollectionRule } from '../../../src/caches/collect.js';

export interface HistoryEvent {
  type: 'started' | 'completed' | 'deleted';
  record: BuildRecord;
}

/** BuildKit's control service. Streams end with an engine-… error when the connection does. */
export interface BuildkitConnection {
  /** Builds as they start and end; from what there is now, completed ones included, if `activeOnly` is false. */
  history(
    request: { activeOnly: boolean; earlyExit: boolean },
    signal: AbortSignal,
  ): AsyncIterable<HistoryEvent>;
  /** Progress of one build from its beginning to its end, whether it runs or is over. */
  status(ref: string, signal: AbortSignal): AsyncIterable<StatusUpdate>;
  /** The rules of the engine's garbage collection, in the order in which it applies them. */
  collectionRules(signal: AbortSignal): Promise<CollectionRule[]>;
  close(): void;
  readonly closed: boolean;
}

export type ConnectBuildkit = (signal: AbortSignal) => Promise<BuildkitConnection>;
