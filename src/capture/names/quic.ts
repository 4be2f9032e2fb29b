/** The server name in QUIC's Initial packets (RFC 9000, section 17.2.2). */
import { copyOf, u32 } from '../bytes.js';
import { collectHello, HelloPieces } from './quic-hello.js';
import { clientKeys, type InitialKeys, type QuicCrypto, type QuicVersion, quicVersion } from './quic-keys.js';
import { readVarint } from './quic-varint.js';
import { readClientHello } from './tls.js';

interface Connection {
  /** By connection id; a Retry changes it. */
  keys: Map<string, InitialKeys>;
  attempts: number;
  hello: HelloPieces;
  finished: boolean;
}

const MOST_CONNECTIONS = 1024;
/** Each costs a few cryptographic operations; a hello takes one to three packets. */
const MOST_ATTEMPTS = 12;
const LONGEST_CONNECTION_ID = 20;
const TAG = 16;
const SAMPLE = 16;

export function looksLikeQuicInitial(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 40 || (bytes[from]! & 0xc0) !== 0xc0) return false;
  const quic = quicVersion(u32(bytes, from + 1));
  return quic !== undefined && (bytes[from]! & 0x30) === quic.initialBits;
}

export class QuicNames {
  private readonly connections = new Map<number | string, Connection>();

  constructor(private readonly crypto: QuicCrypto) {}

  /** @param stream tells conversations and their directions apart; the name, once it is known */
  read(stream: number | string, bytes: Uint8Array, from: number, to: number): string | undefined {
    const connection = this.connection(stream);
    let at = from;
    // Several packets may share a datagram.
    while (
      !connection.finished &&
      connection.attempts < MOST_ATTEMPTS &&
      looksLikeQuicInitial(bytes, at, to)
    ) {
      connection.attempts += 1;
      const packet = locate(bytes, at, to);
      if (packet === undefined) return undefined;
      const payload = this.open(connection, packet, bytes);
      if (payload !== undefined && collectHello(payload, packet.quic.cryptoFrame, connection.hello)) {
        const hello = connection.hello.prefix();
        const reading = readClientHello(hello, 0, hello.length);
        if (reading.done) {
          connection.finished = true;
          return reading.name;
        }
      }
      at = packet.end;
    }
    return undefined;
  }

  private connection(stream: number | string): Connection {
    const known = this.connections.get(stream);
    if (known !== undefined) return known;
    if (this.connections.size >= MOST_CONNECTIONS) {
      const oldest = this.connections.keys().next().value;
      if (oldest !== undefined) this.connections.delete(oldest);
    }
    const made = { keys: new Map(), attempts: 0, hello: new HelloPieces(), finished: false };
    this.connections.set(stream, made);
    return made;
  }

  /** With the keys of the packet's own connection id, else with earlier ones: the server chooses a new id. */
  private open(connection: Connection, packet: Located, bytes: Uint8Array): Uint8Array | undefined {
    const id = copyOf(bytes, packet.id, packet.id + packet.idLength);
    const idText = id.join();
    const known = connection.keys.get(idText);
    const keys = known ?? clientKeys(packet.quic, id, this.crypto);
    const opened = unprotect(bytes, packet, keys, this.crypto);
    if (opened !== undefined) {
      if (known === undefined) {
        connection.keys.set(idText, keys);
        connection.hello = new HelloPieces();
      }
      return opened;
    }
    for (const earlier of connection.keys.values()) {
      const payload = earlier === keys ? undefined : unprotect(bytes, packet, earlier, this.crypto);
      if (payload !== undefined) return payload;
    }
    return undefined;
  }
}

interface Located {
  quic: QuicVersion;
  start: number;
  id: number;
  idLength: number;
  /** Of the packet number. */
  number: number;
  end: number;
}

function locate(bytes: Uint8Array, start: number, to: number): Located | undefined {
  const quic = quicVersion(u32(bytes, start + 1));
  const idLength = bytes[start + 5]!;
  const id = start + 6;
  let at = id + idLength;
  if (quic === undefined || idLength > LONGEST_CONNECTION_ID || at >= to) return undefined;
  at += 1 + bytes[at]!;
  const token = readVarint(bytes, at, to);
  if (token === undefined) return undefined;
  const length = readVarint(bytes, token.end + token.value, to);
  if (length === undefined) return undefined;
  const end = length.end + length.value;
  if (end > to || length.value < 4 + SAMPLE) return undefined;
  return { quic, start, id, idLength, number: length.end, end };
}

/** RFC 9001, sections 5.3 and 5.4. */
function unprotect(
  bytes: Uint8Array,
  packet: Located,
  keys: InitialKeys,
  crypto: QuicCrypto,
): Uint8Array | undefined {
  const sample = packet.number + 4;
  const mask = crypto.aes128(keys.headerProtection, bytes.subarray(sample, sample + SAMPLE));
  const first = bytes[packet.start]! ^ (mask[0]! & 0x0f);
  const numberLength = (first & 3) + 1;
  const payload = packet.number + numberLength;
  if (packet.end - payload < TAG) return undefined;
  const header = copyOf(bytes, packet.start, payload);
  header[0] = first;
  const nonce = copyOf(keys.iv);
  for (let i = 0; i < numberLength; i++) {
    const byte = bytes[packet.number + i]! ^ mask[1 + i]!;
    header[packet.number - packet.start + i] = byte;
    const place = nonce.length - numberLength + i;
    nonce[place] = nonce[place]! ^ byte;
  }
  return crypto.openAes128Gcm(keys.key, nonce, header, bytes.subarray(payload, packet.end));
}
