import { NativeStruct } from './native-struct.js';
import { syscall } from './syscall.js';

const PERF_TYPE_TRACEPOINT = 2;
const PERF_FLAG_FD_CLOEXEC = 8;
/** PERF_ATTR_SIZE_VER0 of perf_event_open(2): the oldest layout, which every kernel takes. */
const ATTR_SIZE = 64;
const PERF_EVENT_IOC_ENABLE = 0x2400;
const PERF_EVENT_IOC_SET_BPF = 0x40042408;

/**
 * Opens a kernel tracepoint as a perf event, for all processes, on one CPU. A BPF program attached to it
 * runs whichever CPU the event happens on.
 * @param tracepointId the number in `events/<group>/<name>/id` of tracefs
 * @returns a file descriptor
 */
export function openTracepointEvent(tracepointId: number, cpu: number): number {
  const attr = new NativeStruct(ATTR_SIZE)
    .u32(0, PERF_TYPE_TRACEPOINT)
    .u32(4, ATTR_SIZE)
    .u64(8, tracepointId)
    .u64(16, 1);
  return syscall('perf_event_open', `tracepoint ${tracepointId}`, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/** Attaches a BPF program to an event and switches the event on; both end when `eventFd` is closed. */
export function attachToEvent(eventFd: number, programFd: number): void {
  syscall('ioctl', 'PERF_EVENT_IOC_SET_BPF', eventFd, PERF_EVENT_IOC_SET_BPF, programFd);
  syscall('ioctl', 'PERF_EVENT_IOC_ENABLE', eventFd, PERF_EVENT_IOC_ENABLE, 0);
}
