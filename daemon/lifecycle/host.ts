import type { EventEmitter } from 'node:events';
import type { LogSink } from './log.js';

/** The process as the daemon sees it. */
export interface DaemonHost {
  /** Without runtime and script. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  pid: number;
  uid: number;
  groups: readonly number[];
  /** Emits signals and uncaught errors, as `process` does. */
  signals: EventEmitter;
  version: string;
  stderr: LogSink;
  now: () => number;
  monotonicMs: () => number;
  /** Must not return. */
  exitNow(code: number): void;
}
