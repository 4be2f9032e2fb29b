/** The kernel's table of TCP sockets, `/proc/net/tcp` and `tcp6` (proc(5)), as far as they listen. */
import { formatAddress } from '../metering/address.js';

export interface Listening {
  /** Undefined: on every address. */
  address: string | undefined;
  port: number;
  inode: number;
}

/** TCP_LISTEN (include/net/tcp_states.h) */
const LISTENS = '0A';

/**
 * Sockets that listen. The kernel lists them first: nothing is read behind the first that does not, so that
 * ten thousand connections cost nothing.
 */
export function parseListening(text: string): Listening[] {
  const found: Listening[] = [];
  for (let at = text.indexOf('\n') + 1; at > 0 && at < text.length; ) {
    const end = text.indexOf('\n', at);
    const fields = text
      .slice(at, end < 0 ? undefined : end)
      .trim()
      .split(/\s+/);
    if (fields[3] !== LISTENS) break;
    const socket = listeningOf(fields);
    if (socket !== undefined) found.push(socket);
    at = end < 0 ? text.length : end + 1;
  }
  return found;
}

function listeningOf(fields: readonly string[]): Listening | undefined {
  const [hex = '', port = ''] = (fields[1] ?? '').split(':');
  const bytes = addressBytes(hex);
  const inode = Number(fields[9]);
  if (bytes === undefined || !Number.isInteger(inode)) return undefined;
  const isAny = bytes.every((byte) => byte === 0);
  const address = isAny ? undefined : formatAddress(bytes, 0, bytes.length === 4 ? 4 : 16);
  return { address, port: Number.parseInt(port, 16), inode };
}

/** Words of 32 bits, each in the machine's byte order: that of every machine that Node.js runs on. */
function addressBytes(hex: string): Uint8Array | undefined {
  if (!/^(?:[0-9A-F]{8}){1,4}$/.test(hex)) return undefined;
  const bytes = new Uint8Array(hex.length / 2);
  for (let word = 0; word < bytes.length; word += 4) {
    for (let byte = 0; byte < 4; byte++) {
      const at = (word + 3 - byte) * 2;
      bytes[word + byte] = Number.parseInt(hex.slice(at, at + 2), 16);
    }
  }
  return bytes;
}
