import { NetmeterError } from '../../src/errors.js';
import { NativeStruct } from './native-struct.js';
import { syscall, trySyscall, watchReadable } from './syscall.js';
import { systemError } from './system-error.js';

export const NETLINK_ROUTE = 0;
export const NETLINK_SOCK_DIAG = 4;

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOCK_NONBLOCK = 0x800;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;
const ENOBUFS = 105;
const EINTR = 4;

/** Notifications were dropped because the socket's queue was full: what was learnt may be incomplete. */
export const OVERRUN = Symbol('overrun');

export interface NetlinkOptions {
  /** `NETLINK_ROUTE`, or another number of netlink(7). */
  protocol: number;
  /** Multicast groups to join, by number (`RTNLGRP_LINK` is 1). */
  groups?: readonly number[];
  /** Size of the kernel's queue in bytes; needs CAP_NET_ADMIN, otherwise left as it is. */
  queueBytes?: number;
  /** Longest message that can be received. The kernel's own dumps use up to 32 KiB. */
  messageBytes?: number;
}

/** A non-blocking netlink socket (netlink(7)): whole messages in, whole messages out. */
export class NetlinkSocket {
  readonly fd: number;
  readonly #message: Uint8Array;
  #watcher: { close(): void; unref(): void } | undefined;
  #closed = false;

  private constructor(fd: number, messageBytes: number) {
    this.fd = fd;
    this.#message = new Uint8Array(new ArrayBuffer(messageBytes));
  }

  /** Opens a socket in the network namespace of the calling thread and joins the groups. */
  static open(options: NetlinkOptions): NetlinkSocket {
    const type = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;
    const fd = syscall('socket', 'AF_NETLINK', AF_NETLINK, type, options.protocol);
    const socket = new NetlinkSocket(fd, options.messageBytes ?? 65_536);
    try {
      if (options.queueBytes !== undefined) {
        const bytes = new NativeStruct(4).u32(0, options.queueBytes);
        trySyscall('setsockopt', fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes, 4);
      }
      const address = new NativeStruct(12).u16(0, AF_NETLINK);
      syscall('bind', 'AF_NETLINK', fd, address, 12);
      for (const group of options.groups ?? []) {
        const number = new NativeStruct(4).u32(0, group);
        syscall('setsockopt', `group ${group}`, fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, number, 4);
      }
      return socket;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Sends one request, header included, to the kernel. */
  send(message: Uint8Array): void {
    const kernel = new NativeStruct(12).u16(0, AF_NETLINK);
    syscall('sendto', 'AF_NETLINK', this.fd, message, message.length, 0, kernel, 12);
  }

  /**
   * One datagram, which may hold several netlink messages. The bytes are valid until the next call.
   * @returns `undefined` when nothing is waiting
   * @throws NetmeterError `syscall-failed` when a datagram is longer than `messageBytes`
   */
  receive(): Uint8Array | typeof OVERRUN | undefined {
    const memory = this.#message;
    for (;;) {
      const flags = MSG_DONTWAIT | MSG_TRUNC;
      const size = trySyscall('recvfrom', this.fd, memory, memory.length, flags, 0, 0);
      if (size === -EINTR) continue;
      if (size === -EAGAIN) return undefined;
      if (size === -ENOBUFS) return OVERRUN;
      if (size < 0) throw systemError('recvfrom(AF_NETLINK)', -size);
      if (size <= memory.length) return memory.subarray(0, size);
      throw new NetmeterError(
        'syscall-failed',
        `a netlink message of ${size} bytes does not fit into ${memory.length}`,
      );
    }
  }

  /** Calls back whenever something can be received. Does not keep the process alive. */
  watch(onReadable: () => void): void {
    this.#watcher?.close();
    this.#watcher = watchReadable(this.fd, onReadable);
    this.#watcher.unref();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watcher?.close();
    trySyscall('close', this.fd);
  }
}
