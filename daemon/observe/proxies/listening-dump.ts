import { formatAddress } from '../../../src/metering/address.js';
import type { Listening } from '../../../src/proxies/proc-net-tcp.js';
import { readBytes, readU8, readU32, type Span } from '../../meter/link/netlink-message.js';
import { Rtnetlink } from '../../meter/link/rtnetlink.js';
import { NETLINK_SOCK_DIAG } from '../../sys/netlink-socket.js';

/** linux/sock_diag.h, linux/inet_diag.h, linux/in.h, net/tcp_states.h */
const SOCK_DIAG_BY_FAMILY = 20;
const REQUEST_BYTES = 56;
const IPPROTO_TCP = 6;
const TCP_LISTEN = 10;
const FAMILIES = { v4: 2, v6: 10 };
/** Within `struct inet_diag_msg`. */
const PORT = 4;
const ADDRESS = 8;
const INODE = 68;

/**
 * Sockets that listen for TCP in this process's network namespace, asked of the kernel by their state
 * (sock_diag(7)). The tables in /proc walk past every place where a connection could be, some milliseconds a
 * reading on a large machine; they are read where the kernel has no such answer.
 */
export class ListeningDump {
  readonly #otherwise: () => Listening[];
  #socket: Rtnetlink | undefined;
  #isRefused = false;

  constructor(otherwise: () => Listening[]) {
    this.#otherwise = otherwise;
  }

  read(): Listening[] {
    if (this.#isRefused) return this.#otherwise();
    try {
      this.#socket ??= Rtnetlink.open(NETLINK_SOCK_DIAG);
      const socket = this.#socket;
      return [FAMILIES.v4, FAMILIES.v6].flatMap((family) =>
        socket.dump(SOCK_DIAG_BY_FAMILY, request(family), listeningOf),
      );
    } catch {
      this.#isRefused = true;
      this.close();
      return this.#otherwise();
    }
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

function request(family: number): Uint8Array {
  const bytes = new Uint8Array(REQUEST_BYTES);
  bytes[0] = family;
  bytes[1] = IPPROTO_TCP;
  new DataView(bytes.buffer).setUint32(4, 1 << TCP_LISTEN, true);
  return bytes;
}

function listeningOf(answer: Span): Listening {
  const version = readU8(answer) === FAMILIES.v4 ? 4 : 6;
  const bytes = readBytes(answer).subarray(ADDRESS, ADDRESS + (version === 4 ? 4 : 16));
  const isAny = bytes.every((byte) => byte === 0);
  return {
    address: isAny ? undefined : formatAddress(bytes, 0, version === 4 ? 4 : 16),
    port: readU8(answer, PORT) * 256 + readU8(answer, PORT + 1),
    inode: readU32(answer, INODE),
  };
}
