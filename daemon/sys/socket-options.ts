import type { Socket } from 'node:net';
import { NativeStruct } from './native-struct.js';
import { syscall, trySyscall } from './syscall.js';
import { isErrno } from './system-error.js';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_NETNS_COOKIE = 71;
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;

/** Who is at the other end of a Unix socket, as the kernel noted when it connected. */
export interface PeerCredentials {
  pid: number;
  uid: number;
  gid: number;
}

/** The file descriptor under a Node socket; `undefined` once it is closed. */
export function socketFd(socket: Socket): number | undefined {
  const fd = (socket as { _handle?: { fd?: number } | null })._handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fd;
}

/** `struct ucred` of a connected Unix socket (unix(7), SO_PEERCRED). */
export function peerCredentials(fd: number): PeerCredentials {
  const option = readOption(fd, SO_PEERCRED, 12, 'SO_PEERCRED');
  return { pid: option.getI32(0), uid: option.getU32(4), gid: option.getU32(8) };
}

/**
 * The cookie of the caller's network namespace: a number that no other namespace gets until the next
 * boot, and the one that BPF programs see. `undefined` on kernels without it (before 5.14).
 */
export function netnsCookie(): number | undefined {
  const fd = syscall('socket', 'AF_UNIX', AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    return readOption(fd, SO_NETNS_COOKIE, 8, 'SO_NETNS_COOKIE').getU64(0);
  } catch (error) {
    if (isErrno(error, 'ENOPROTOOPT')) return undefined;
    throw error;
  } finally {
    trySyscall('close', fd);
  }
}

function readOption(fd: number, option: number, size: number, name: string): NativeStruct {
  const value = new NativeStruct(size);
  const length = new NativeStruct(4).u32(0, size);
  syscall('getsockopt', name, fd, SOL_SOCKET, option, value, length);
  return value;
}
