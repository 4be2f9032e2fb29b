/**
 * Puts the fragments of IP packets together, for the sake of names in large DNS answers. Bytes are counted by
 * fragment elsewhere; what never becomes complete is dropped, the oldest first.
 */
import { IpHeader } from '../ip.js';

const MOST_UNFINISHED = 64;
const LONGEST_PAYLOAD = 65_535;
const ADDRESS = 16;

interface Unfinished {
  payload: Uint8Array;
  /** Offsets that came; what comes twice counts once. */
  offsets: Set<number>;
  received: number;
  /** Known once the last fragment came. */
  total: number | undefined;
}

export interface WholePacket {
  ip: IpHeader;
  bytes: Uint8Array;
}

export class Fragments {
  private readonly unfinished = new Map<string, Unfinished>();

  /** The whole packet, when this fragment was the last that was missing. */
  add(ip: IpHeader, bytes: Uint8Array): WholePacket | undefined {
    const length = ip.end - ip.fragmentPayload;
    const offset = ip.fragmentOffset;
    // An extension header before the transport header is rare enough to be left out.
    if (length <= 0 || offset + length > LONGEST_PAYLOAD || ip.payload !== ip.fragmentPayload)
      return undefined;
    const addressLength = ip.version === 4 ? 4 : 16;
    const addresses = new Uint8Array(ADDRESS * 2);
    addresses.set(bytes.subarray(ip.source, ip.source + addressLength));
    addresses.set(bytes.subarray(ip.destination, ip.destination + addressLength), ADDRESS);
    const key = `${ip.identification} ${ip.protocol} ${addresses.join()}`;
    const packet = this.unfinished.get(key) ?? this.begin(key);
    if (packet.offsets.has(offset)) return undefined;
    put(packet, offset, bytes.subarray(ip.fragmentPayload, ip.end));
    if (!ip.moreFragments) packet.total = offset + length;
    if (packet.received !== packet.total) return undefined;
    this.unfinished.delete(key);
    return whole(ip, addresses, packet.payload.subarray(0, packet.total));
  }

  private begin(key: string): Unfinished {
    if (this.unfinished.size >= MOST_UNFINISHED) {
      const oldest = this.unfinished.keys().next().value;
      if (oldest !== undefined) this.unfinished.delete(oldest);
    }
    const made = { payload: new Uint8Array(4096), offsets: new Set<number>(), received: 0, total: undefined };
    this.unfinished.set(key, made);
    return made;
  }
}

function put(packet: Unfinished, offset: number, piece: Uint8Array): void {
  if (offset + piece.length > packet.payload.length) {
    const larger = new Uint8Array(Math.min(LONGEST_PAYLOAD, 2 * (offset + piece.length)));
    larger.set(packet.payload);
    packet.payload = larger;
  }
  packet.payload.set(piece, offset);
  packet.offsets.add(offset);
  packet.received += piece.length;
}

function whole(fragment: IpHeader, addresses: Uint8Array, payload: Uint8Array): WholePacket {
  const bytes = new Uint8Array(addresses.length + payload.length);
  bytes.set(addresses);
  bytes.set(payload, addresses.length);
  const ip = new IpHeader();
  ip.version = fragment.version;
  ip.source = 0;
  ip.destination = ADDRESS;
  ip.protocol = fragment.protocol;
  ip.payload = addresses.length;
  ip.end = bytes.length;
  return { ip, bytes };
}
