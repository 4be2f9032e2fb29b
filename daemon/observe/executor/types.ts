import type { Execution } from '../../../src/builds/types.js';
import type { EpochMs } from '../../../src/units.js';

export interface ExecutionListener {
  /** A step's process runs, or is about to. */
  seen(execution: Execution): void;
  /** It ended; `goneAt` is set, the rest is as it was. */
  gone(execution: Execution): void;
  /** A folder came and went and could not be read. Only its id, the last component of its cgroup, is known. */
  missed(executorId: string, at: EpochMs): void;
}

/** Monotonic counts since start. */
export interface ExecutorCounts {
  seen: number;
  /** Came and went unread. */
  missed: number;
  /** Of a crashed engine: nothing runs in them. */
  leftover: number;
  /** Times that the kernel dropped events; what came and went meanwhile is not known at all. */
  overflows: number;
  /** Not followed, because too many ran at once. */
  dropped: number;
}

export interface ExecutorWatchOptions {
  procRoot?: string;
  now?: () => EpochMs;
  /** How often the watch checks itself, in milliseconds. */
  checkMs?: number;
}
