/**
 * The messages between commands and the program that looks at the engine's caches with the rights of whoever asks:
 * one request as JSON on its standard input, one answer on its standard output.
 */
import type { CachesDocument } from '../protocol/documents.js';
import type { WireError } from '../protocol/messages.js';

export interface CacheRequests {
  /** The engine's caches, without what only a daemon knows. Needs root. */
  list: Record<string, never>;
  /** Needs the Docker socket. */
  remove: { recordIds: string[] };
}

export interface CacheResults {
  list: CachesDocument;
  remove: RemovedCache[];
}

export interface RemovedCache {
  recordId: string;
  /** False: it is in use, or was gone already. */
  removed: boolean;
  freedBytes: number | null;
}

export type CacheOperation = keyof CacheRequests;

export type CacheRequest = {
  [O in CacheOperation]: { operation: O; params: CacheRequests[O] };
}[CacheOperation];

export type CacheReply = { ok: true; result: CacheResults[CacheOperation] } | { ok: false; error: WireError };
