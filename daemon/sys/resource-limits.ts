import { NativeStruct } from './native-struct.js';
import { trySyscall } from './syscall.js';

const RLIMIT_MEMLOCK = 8;
const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;
const OWN_PROCESS = 0;

/**
 * Lifts this process's limit of locked memory, against which Linux before 5.11 counts BPF maps.
 * @returns false when that is not allowed (CAP_SYS_RESOURCE)
 */
export function liftLockedMemoryLimit(): boolean {
  const limits = new NativeStruct(16).u64(0, RLIM_INFINITY).u64(8, RLIM_INFINITY);
  return trySyscall('prlimit64', OWN_PROCESS, RLIMIT_MEMLOCK, limits, 0) === 0;
}
