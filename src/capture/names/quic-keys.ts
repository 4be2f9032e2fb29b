/** Keys of QUIC's Initial packets, which anybody on the path can derive (RFC 9001, section 5.2; RFC 9369). */

/** The cryptography that Initial packets are protected with; given by whoever has it. */
export interface QuicCrypto {
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** AES-128 of one block of 16 bytes. */
  aes128(key: Uint8Array, block: Uint8Array): Uint8Array;
  /** @param sealed ciphertext and tag; the result is undefined when they do not belong together */
  openAes128Gcm(
    key: Uint8Array,
    nonce: Uint8Array,
    header: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | undefined;
}

export interface InitialKeys {
  key: Uint8Array;
  iv: Uint8Array;
  headerProtection: Uint8Array;
}

export interface QuicVersion {
  /** The bits of a long header's first byte that say Initial. */
  initialBits: number;
  salt: Uint8Array;
  /** Prefix of the labels. */
  label: string;
  /** Type of CRYPTO frames. */
  cryptoFrame: number;
}

const DRAFT_23 = version('c3eef712c72ebb5a11a7d2432bb46365bef9f502');
const DRAFT_29 = version('afbfec289993d24c9e9786f19c6111e04390a899');
const VERSION_1 = version('38762cf7f55934b34d179ae6a4c80cadccbb7f0a');

/** By the version number on the wire. */
const VERSIONS = new Map<number, QuicVersion>([
  [1, VERSION_1],
  // RFC 9369
  [0x6b3343cf, { ...version('0dede3def700a6db819381be6e269dcbf9bd2ed9', 'quicv2'), initialBits: 0x10 }],
  ...range(0xff000017, 0xff00001c, DRAFT_23),
  ...range(0xff00001d, 0xff000020, DRAFT_29),
  ...range(0xff000021, 0xff000022, VERSION_1),
  // Google's T050 and T051: salts and frame type as Wireshark's dissector knows them.
  [0x54303530, { ...version('7ff579e5acd072915580304c43a2367c60488310'), cryptoFrame: 8 }],
  [0x54303531, { ...version('7a4edef4e7ccee5fa4506c19124fc8ccda6e033d'), cryptoFrame: 8 }],
]);

export function quicVersion(number: number): QuicVersion | undefined {
  return VERSIONS.get(number);
}

export function clientKeys(quic: QuicVersion, connectionId: Uint8Array, crypto: QuicCrypto): InitialKeys {
  const initial = crypto.hmacSha256(quic.salt, connectionId);
  const client = expandLabel(crypto, initial, 'client in', 32);
  return {
    key: expandLabel(crypto, client, `${quic.label} key`, 16),
    iv: expandLabel(crypto, client, `${quic.label} iv`, 12),
    headerProtection: expandLabel(crypto, client, `${quic.label} hp`, 16),
  };
}

/** HKDF-Expand-Label of RFC 8446, section 7.1, for at most one block of output. */
function expandLabel(crypto: QuicCrypto, secret: Uint8Array, label: string, length: number): Uint8Array {
  const full = Array.from(`tls13 ${label}`, (character) => character.charCodeAt(0));
  const info = Uint8Array.from([length >> 8, length & 0xff, full.length, ...full, 0, 1]);
  return crypto.hmacSha256(secret, info).subarray(0, length);
}

function version(salt: string, label = 'quic'): QuicVersion {
  const bytes = salt.match(/../g)!.map((pair) => Number.parseInt(pair, 16));
  return { initialBits: 0, salt: Uint8Array.from(bytes), label, cryptoFrame: 6 };
}

function range(first: number, last: number, quic: QuicVersion): [number, QuicVersion][] {
  return Array.from({ length: last - first + 1 }, (_, i) => [first + i, quic]);
}
