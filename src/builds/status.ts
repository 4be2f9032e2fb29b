/**
 * What BuildKit tells of a running solve, free of its wire format. Times are epoch milliseconds with
 * fractions, undefined where the engine left them out or sent the year 1 for it. Texts are hostile input.
 */
import type { Bytes, EpochMs } from '../units.js';

/** One message of a build's status stream; a vertex may appear in many, and several times in one. */
export interface StatusUpdate {
  vertexes: VertexUpdate[];
  progress: ProgressUpdate[];
  logs: LogUpdate[];
}

export interface VertexUpdate {
  digest: string;
  inputs: string[];
  name: string;
  cached: boolean;
  startedAt: EpochMs | undefined;
  completedAt: EpochMs | undefined;
  error: string | undefined;
}

/** Progress of one thing that a vertex does: a blob's download, its extraction, a transfer of the context. */
export interface ProgressUpdate {
  vertex: string;
  /** Blob digest, or words such as `extracting sha256:…`. */
  id: string;
  current: Bytes;
  /** 0 when unknown. */
  total: Bytes;
  at: EpochMs | undefined;
  startedAt: EpochMs | undefined;
  completedAt: EpochMs | undefined;
}

/** A piece of a command's output, cut anywhere. It is read once, and none of it kept. */
export interface LogUpdate {
  vertex: string;
  /** 1 for standard output, 2 for standard error. */
  stream: number;
  at: EpochMs | undefined;
  /** Its bytes as Latin-1: what is looked for is ASCII, and no character is cut in two. */
  text: string;
}
