/** Names out of single payloads: a DNS answer, and the start of what a TLS client says first. */
import { formatAddress } from '../../metering/address.js';
import { namesLeadingTo, readDns } from './dns.js';
import { looksLikeClientHello, readClientHelloRecords } from './tls.js';

/** An address and the name that somebody asked for to reach it. */
export interface HeardName {
  address: string;
  name: string;
  source: 'dns' | 'tls-sni';
}

const LONGEST_NAME = 255;
/** Of one answer; a round robin has a few dozen. */
const MOST_ADDRESSES = 64;
/** The flag that says that it is an answer. */
const RESPONSE = 0x80;

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

/** The server name, when it is in the part of the message that is there. */
export function nameInHello(payload: Uint8Array, address: string): HeardName[] {
  if (!looksLikeClientHello(payload, 0, payload.length)) return [];
  const reading = readClientHelloRecords(payload, 0, payload.length);
  const name = reading.done ? reading.name?.toLowerCase() : undefined;
  return name === undefined || !isName(name) ? [] : [{ address, name, source: 'tls-sni' }];
}

function isName(name: string): boolean {
  return name !== '' && name.length <= LONGEST_NAME;
}
