import type { Socket } from 'node:net';
import { NativeStruct } from '../sys/native-struct.js';
import { type PeerCredentials, peerCredentials, socketFd } from '../sys/socket-options.js';
import { trySyscall } from '../sys/syscall.js';

const SOL_SOCKET = 1;
const SO_PEERGROUPS = 59;
/** The kernel's limit of supplementary groups of one process (NGROUPS_MAX). */
const MAX_GROUPS = 65_536;

/** Who is at the other end of a connection, as the kernel noted when it connected. */
export interface Peer extends PeerCredentials {
  /** Its supplementary groups. */
  groups: readonly number[];
}

/** `undefined` when the connection is gone already. */
export function peerOf(socket: Socket): Peer | undefined {
  const fd = socketFd(socket);
  if (fd === undefined) return undefined;
  return { ...peerCredentials(fd), groups: peerGroups(fd) };
}

/** SO_PEERGROUPS of unix(7), Linux 4.13; without it only the main group counts. */
function peerGroups(fd: number): number[] {
  const length = new NativeStruct(4);
  for (let room = 64; room <= MAX_GROUPS; room *= 4) {
    const groups = new NativeStruct(room * 4);
    length.u32(0, room * 4);
    const result = trySyscall('getsockopt', fd, SOL_SOCKET, SO_PEERGROUPS, groups, length);
    if (result < 0 && length.getU32(0) > room * 4) continue;
    if (result < 0) return [];
    return Array.from({ length: length.getU32(0) / 4 }, (_, index) => groups.getU32(index * 4));
  }
  return [];
}

/** Who may use the socket, besides root and the daemon's own user. */
export interface ClientAccess {
  /** The person for whom the daemon was started through sudo. */
  userUid: number | undefined;
  /** Members of this group. */
  groupGid: number | undefined;
}

/**
 * The socket's file mode lets in who should come in; this holds also where the group of the file is shared
 * by more people than the one it was chosen for, or where somebody changed the mode.
 */
export function mayAsk(peer: Peer, daemonUid: number, access: ClientAccess): boolean {
  if (peer.uid === 0 || peer.uid === daemonUid || peer.uid === access.userUid) return true;
  if (access.groupGid === undefined) return false;
  return peer.gid === access.groupGid || peer.groups.includes(access.groupGid);
}
