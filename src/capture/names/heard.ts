/** Names out of single payloads: a DNS answer, and what a client of TLS or QUIC says first. */
import { formatAddress } from '../../metering/address.js';
import { namesLeadingTo, readDns } from './dns.js';
import { looksLikeQuicInitial, type QuicNames } from './quic.js';
import { looksLikeClientHello, readClientHelloRecords } from './tls.js';

/** An address and the name that somebody asked for to reach it. */
export interface HeardName {
  address: string;
  name: string;
  source: 'dns' | 'tls-sni' | 'quic-sni';
}

const LONGEST_NAME = 255;
/** Of one answer; a round robin has a few dozen. */
const MOST_ADDRESSES = 64;
/** The flag that says that it is an answer. */
const RESPONSE = 0x80;
/** The header alone. */
const SHORTEST_DNS = 12;
/** Of a connection's id, in the header of a first packet (RFC 9000, section 17.2). */
const [ID_LENGTH, ID] = [5, 6];

/** The names that were asked for, by the addresses that came back; aliases behind them are nobody's words. */
export function namesInDns(payload: Uint8Array): HeardName[] {
  if (payload.length < 3 || (payload[2]! & RESPONSE) === 0) return [];
  const message = readDns(payload, 0, payload.length);
  if (message === undefined) return [];
  return message.addresses.slice(0, MOST_ADDRESSES).flatMap(({ name, address, length }) => {
    const asked = namesLeadingTo(name, message.aliases)[0];
    if (asked === undefined || !isName(asked)) return [];
    return [{ address: formatAddress(payload, address, length), name: asked, source: 'dns' as const }];
  });
}

/**
 * The same for an answer over TCP, which begins with its length; servers may send that in a packet of its own, and
 * then this is the answer alone. Several in one packet, or one in several, give the first or none.
 */
export function namesInDnsStream(payload: Uint8Array): HeardName[] {
  const length = payload.length < 2 ? 0 : payload[0]! * 256 + payload[1]!;
  const isWhole = length >= SHORTEST_DNS && length <= payload.length - 2;
  return namesInDns(isWhole ? payload.subarray(2, 2 + length) : payload);
}

/** The server name, when it is in the part of the message that is there. */
export function nameInHello(payload: Uint8Array, address: string): HeardName[] {
  if (!looksLikeClientHello(payload, 0, payload.length)) return [];
  const reading = readClientHelloRecords(payload, 0, payload.length);
  const name = reading.done ? reading.name?.toLowerCase() : undefined;
  return name === undefined || !isName(name) ? [] : [{ address, name, source: 'tls-sni' }];
}

/**
 * The server name in a client's first packets; undefined names wait for the packets that are missing.
 * @param quic remembers connections, by the id that the client has chosen for its first packets
 */
export function nameInQuic(quic: QuicNames, payload: Uint8Array, address: string): HeardName[] {
  if (!looksLikeQuicInitial(payload, 0, payload.length)) return [];
  const id = payload.subarray(ID, ID + payload[ID_LENGTH]!);
  const name = quic.read(`${address} ${id.join()}`, payload, 0, payload.length)?.toLowerCase();
  return name === undefined || !isName(name) ? [] : [{ address, name, source: 'quic-sni' }];
}

function isName(name: string): boolean {
  return name !== '' && name.length <= LONGEST_NAME;
}
