/** pcapng's name resolution blocks: what the capturing tool knew addresses by. */
import type { ByteOrder } from './bytes.js';
import { copyOf, printable } from './bytes.js';
import { padded } from './pcapng-interface.js';
import type { PacketSink } from './types.js';

const IPV4 = 1;
const IPV6 = 2;
const LONGEST_NAME = 255;

export function readNameResolution(
  body: Uint8Array,
  from: number,
  to: number,
  order: ByteOrder,
  sink: PacketSink,
): void {
  let at = from;
  while (to - at >= 4) {
    const type = order.u16(body, at);
    const length = order.u16(body, at + 2);
    at += 4;
    if (type === 0 || length > to - at) return;
    const addressLength = type === IPV4 ? 4 : type === IPV6 ? 16 : 0;
    if (addressLength > 0 && length > addressLength) {
      const address = copyOf(body, at, at + addressLength);
      for (const name of names(body, at + addressLength, at + length)) sink.resolvedName?.(address, name);
    }
    at += padded(length);
  }
}

/** Several names of one address, each with a zero byte at its end. */
function names(body: Uint8Array, from: number, to: number): string[] {
  const found: string[] = [];
  let start = from;
  for (let at = from; at <= to; at++) {
    if (at < to && body[at] !== 0) continue;
    if (at > start && at - start <= LONGEST_NAME) found.push(printable(body, start, at));
    start = at + 1;
  }
  return found;
}
