/**
 * Messages that begin at the start of a TCP segment and may go on in the next ones, which may come late,
 * twice or in another order. Only unfinished messages are kept: a bounded number, of bounded length.
 */

import { copyOf } from '../bytes.js';

/** Reads a message from its start; false when more bytes are needed. */
export type MessageReader = (bytes: Uint8Array, from: number, to: number) => boolean;

interface Unfinished {
  /** Sequence number of `bytes[0]`. */
  start: number;
  bytes: Uint8Array;
  length: number;
  read: MessageReader;
  ahead: { offset: number; bytes: Uint8Array }[];
}

const LONGEST_MESSAGE = 32_768;
const MOST_UNFINISHED = 512;
const MOST_AHEAD = 16;

export class Streams {
  private readonly unfinished = new Map<number, Unfinished>();

  /** Whether the segment went on with a message begun before. */
  continue(stream: number, sequence: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (this.unfinished.size === 0) return false;
    const message = this.unfinished.get(stream);
    if (message === undefined) return false;
    const offset = (sequence - message.start) | 0;
    if (offset < 0 || offset + (to - from) > LONGEST_MESSAGE) {
      // Far away: another message, or one that is longer than any is.
      if (offset < 0) return true;
      this.unfinished.delete(stream);
      return false;
    }
    if (offset > message.length) {
      if (message.ahead.length < MOST_AHEAD) message.ahead.push({ offset, bytes: copyOf(bytes, from, to) });
      return true;
    }
    append(message, offset, bytes.subarray(from, to));
    for (let i = 0; i < message.ahead.length; i++) {
      for (const piece of message.ahead) {
        if (piece.offset <= message.length) append(message, piece.offset, piece.bytes);
      }
    }
    if (message.read(message.bytes, 0, message.length)) this.unfinished.delete(stream);
    return true;
  }

  /** Reads a message that starts here, and keeps it when it is not complete. */
  begin(
    stream: number,
    sequence: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    read: MessageReader,
  ): void {
    if (read(bytes, from, to) || stream < 0 || to - from >= LONGEST_MESSAGE) return;
    if (this.unfinished.size >= MOST_UNFINISHED) {
      const oldest = this.unfinished.keys().next().value;
      if (oldest !== undefined) this.unfinished.delete(oldest);
    }
    const message = { start: sequence, bytes: copyOf(bytes, from, to), length: to - from, read, ahead: [] };
    this.unfinished.set(stream, message);
  }
}

function append(message: Unfinished, offset: number, piece: Uint8Array): void {
  const end = offset + piece.length;
  if (end <= message.length) return;
  if (end > message.bytes.length) {
    const larger = new Uint8Array(Math.min(LONGEST_MESSAGE, Math.max(end, message.bytes.length * 2)));
    larger.set(message.bytes.subarray(0, message.length));
    message.bytes = larger;
  }
  message.bytes.set(piece, offset);
  message.length = end;
}
