/**
 * advice: what would make the builds of a Dockerfile download less, from its text and from what its steps
 * moved in a period. Each piece has a reason, and a number where one was measured. Pure.
 */
import type { Basis } from '../protocol/documents.js';
import type { Bytes, EpochMs } from '../units.js';

export type AdviceCode =
  | 'cache-mount-missing'
  | 'cache-mount-defeated'
  | 'cache-mount-uid'
  | 'apt-docker-clean'
  | 'poetry-virtualenv-in-cache'
  | 'layer-cache-broken'
  | 'image-unpinned';

export interface Advice {
  code: AdviceCode;
  message: string;
  /** Line of the Dockerfile. */
  line: number;
  /** What it would have saved in the period; undefined where nothing was measured. */
  savesBytes: Bytes | undefined;
  basis: Basis;
  /** How to change the file; undefined where only a person can. */
  fix: Fix | undefined;
}

/** A change of one instruction. */
export interface Fix {
  line: number;
  /** The last line of it, here-documents included. */
  endLine: number;
  /** Flags to add behind RUN: `--mount=type=cache,target=/root/.npm`. */
  flags: string[];
  /** Lines to put before it. */
  before: string[];
  /** Words to take out of it. */
  remove: string[];
  /** Commands to put `true` in the place of. */
  disarm: string[];
}

/** One step that ran in the period. */
export interface StepRun {
  at: EpochMs;
  /** As BuildKit named it, without its bracket. */
  instruction: string;
  stage: string | undefined;
  /** Wan bytes, both directions; undefined when they are not known. */
  bytes: Bytes | undefined;
}
