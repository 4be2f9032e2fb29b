import { trySyscall } from './syscall.js';

const MEMBARRIER_CMD_GLOBAL = 1;
const FALLBACK_MS = 50;

/**
 * Waits until everything that the kernel was doing under RCU, BPF programs included, has ended: an RCU
 * grace period, some milliseconds. Where membarrier(2) is not available (`nohz_full`), waits for a time
 * in which one always passes.
 */
export function waitForGracePeriod(): void {
  if (trySyscall('membarrier', MEMBARRIER_CMD_GLOBAL, 0, 0) === 0) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FALLBACK_MS);
}
