import { NETLINK_ROUTE, NetlinkSocket, OVERRUN } from '../../sys/netlink-socket.js';
import { systemError } from '../../sys/system-error.js';
import { eachMessage, encodeMessage, type NetlinkMessage, readI32, type Span } from './netlink-message.js';

/** linux/netlink.h */
const NLM_F_REQUEST = 0x1;
const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x10;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

/** asm-generic/errno.h */
const EAGAIN = 11;
const ENOBUFS = 105;

/** A dump that changes while it is read is asked for again this often, and then taken as it is. */
const ATTEMPTS = 3;

export type Attributes = readonly [type: number, value: Uint8Array][];

/**
 * Questions to the kernel's routing socket (rtnetlink(7)). It answers before it returns from the request,
 * so that nothing here waits.
 */
export class Rtnetlink {
  readonly #socket: NetlinkSocket;
  #sequence = 0;

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /**
   * Opens a socket in the network namespace of the calling thread.
   * @param protocol another one that is asked in the same way, such as `NETLINK_SOCK_DIAG`
   */
  static open(protocol: number = NETLINK_ROUTE): Rtnetlink {
    return new Rtnetlink(NetlinkSocket.open({ protocol }));
  }

  /**
   * Everything of a kind. `parse` gets the payload of each answer, which is valid during the call only.
   * @throws NetmeterError `syscall-failed` when the kernel refuses, `unreadable-input` when it is malformed
   */
  dump<T>(type: number, header: Uint8Array, parse: (answer: Span) => T, attributes: Attributes = []): T[] {
    let found: T[] = [];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      found = [];
      const interrupted = this.#dumpOnce(type, header, attributes, (answer) => found.push(parse(answer)));
      if (!interrupted) break;
    }
    return found;
  }

  /**
   * One answer to one question, which is ready when the request has been sent.
   * @returns what `parse` made of it; `undefined` when the kernel refuses, or has nothing to say
   */
  ask<T>(
    type: number,
    header: Uint8Array,
    attributes: Attributes,
    parse: (answer: Span) => T,
  ): T | undefined {
    const sequence = this.#send(type, NLM_F_REQUEST, header, attributes);
    let answer: { value: T | undefined } | undefined;
    while (answer === undefined) {
      const received = this.#receive(sequence, (message) => {
        answer = { value: message.type === NLMSG_ERROR ? undefined : parse(message.payload) };
      });
      if (!received) return undefined;
    }
    return answer.value;
  }

  close(): void {
    this.#socket.close();
  }

  #dumpOnce(
    type: number,
    header: Uint8Array,
    attributes: Attributes,
    visit: (answer: Span) => void,
  ): boolean {
    const sequence = this.#send(type, NLM_F_REQUEST | NLM_F_DUMP, header, attributes);
    let interrupted = false;
    for (let done = false; !done; ) {
      const received = this.#receive(sequence, (message) => {
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        const errno = errnoOf(message);
        if (errno !== undefined && errno !== 0) throw systemError(`rtnetlink dump ${type}`, errno);
        if (message.type === NLMSG_DONE || errno === 0) done = true;
        else if (!done) visit(message.payload);
      });
      if (!received) throw systemError(`rtnetlink dump ${type}`, EAGAIN);
    }
    return interrupted;
  }

  #send(type: number, flags: number, header: Uint8Array, attributes: Attributes): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#socket.send(encodeMessage(type, flags, this.#sequence, header, attributes));
    return this.#sequence;
  }

  /**
   * One datagram's messages that answer this request; those of one that was given up are passed over.
   * @returns false when nothing is waiting
   */
  #receive(sequence: number, visit: (message: NetlinkMessage) => void): boolean {
    const datagram = this.#socket.receive();
    if (datagram === undefined) return false;
    if (datagram === OVERRUN) throw systemError('rtnetlink: an answer', ENOBUFS);
    eachMessage(datagram, (message) => {
      if (message.sequence === sequence) visit(message);
    });
    return true;
  }
}

/** The positive errno value of an error, 0 of an acknowledgement; `undefined` for other messages. */
function errnoOf(message: NetlinkMessage): number | undefined {
  return message.type === NLMSG_ERROR ? -readI32(message.payload) : undefined;
}
