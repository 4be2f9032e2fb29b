/** The system calls that Node does not offer and this project makes itself. */
export type SyscallName =
  | 'bind'
  | 'bpf'
  | 'clock_gettime'
  | 'close'
  | 'dup3'
  | 'flock'
  | 'getsockopt'
  | 'ioctl'
  | 'membarrier'
  | 'mount'
  | 'open_by_handle_at'
  | 'perf_event_open'
  | 'prlimit64'
  | 'recvfrom'
  | 'sendto'
  | 'setns'
  | 'setsockopt'
  | 'socket'
  | 'umount2';

/** arch/x86/entry/syscalls/syscall_64.tbl */
const x64: Record<SyscallName, number> = {
  bind: 49,
  bpf: 321,
  clock_gettime: 228,
  close: 3,
  dup3: 292,
  flock: 73,
  getsockopt: 55,
  ioctl: 16,
  membarrier: 324,
  mount: 165,
  open_by_handle_at: 304,
  perf_event_open: 298,
  prlimit64: 302,
  recvfrom: 45,
  sendto: 44,
  setns: 308,
  setsockopt: 54,
  socket: 41,
  umount2: 166,
};

/** include/uapi/asm-generic/unistd.h */
const arm64: Record<SyscallName, number> = {
  bind: 200,
  bpf: 280,
  clock_gettime: 113,
  close: 57,
  dup3: 24,
  flock: 32,
  getsockopt: 209,
  ioctl: 29,
  membarrier: 283,
  mount: 40,
  open_by_handle_at: 265,
  perf_event_open: 241,
  prlimit64: 261,
  recvfrom: 207,
  sendto: 206,
  setns: 268,
  setsockopt: 208,
  socket: 198,
  umount2: 39,
};

/** The numbers for a value of `process.arch`, `undefined` where this project has no table. */
export function syscallNumbers(arch: string): Readonly<Record<SyscallName, number>> | undefined {
  if (arch === 'x64') return x64;
  if (arch === 'arm64') return arm64;
  return undefined;
}
