/**
 * Parsers under mutated input. Whatever comes, they may only end or refuse with `unreadable-input`, and what
 * they count must have been in the input.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { quicCrypto } from '../../../cli/capture/quic-crypto.js';
import { CaptureAnalysis } from '../../../src/capture/analysis.js';
import { captureDocument } from '../../../src/capture/document.js';
import { readDns } from '../../../src/capture/names/dns.js';
import { nameInHello, nameInQuic, namesInDns, namesInDnsStream } from '../../../src/capture/names/heard.js';
import { readRequest } from '../../../src/capture/names/http.js';
import { QuicNames } from '../../../src/capture/names/quic.js';
import { readClientHelloRecords } from '../../../src/capture/names/tls.js';
import { CaptureStream } from '../../../src/capture/read-capture.js';
import { LARGEST_PACKET } from '../../../src/capture/types.js';
import { NetmeterError } from '../../../src/errors.js';
import { dnsMessage, domain } from './names/dns-message.js';
import { clientHello, records } from './names/hello.js';
import { crypto, initial, SENDERS } from './names/quic-initial.js';
import {
  block,
  enhancedPacket,
  interfaceBlock,
  ipv4,
  pcapFile,
  sectionHeader,
  simplePacket,
  tcp,
  udp,
} from './packets.js';

export interface FuzzTarget {
  name: string;
  seeds: Buffer[];
  /** Throws when the parser did what it must not. */
  run(input: Buffer): void;
}

const LINK_TYPES = [0, 1, 7, 9, 50, 51, 101, 104, 107, 108, 113, 129, 192, 228, 229, 242, 258, 276];
const HELLO = records(clientHello('registry.npmjs.org', 100));
const ANSWER = dnsMessage(
  [domain('deb.debian.org')],
  [
    { name: Buffer.from([0xc0, 12]), type: 5, data: domain('mirror.example') },
    { name: domain('mirror.example'), type: 1, data: Buffer.from([192, 0, 2, 1]) },
  ],
);
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nUser-Agent: x\r\nHost: deb.debian.org:80\r\n\r\n');
/** Version 1, with a connection id; too broken to open, which is what mutation makes of any Initial. */
const QUIC = Buffer.concat([
  Buffer.from('c300000001080102030405060708000044d0', 'hex'),
  Buffer.alloc(1300, 3),
]);

/** One that can be opened. */
const QUIC_HELLO = clientHello('cdn.example', 200);
const INITIAL = initial(SENDERS[0]!, crypto(QUIC_HELLO, 0, QUIC_HELLO.length));
/** As the daemon's: one for all that is heard. */
const heardQuic = new QuicNames(quicCrypto);

/** In two fragments. */
const FRAGMENTS = [
  ipv4(udp(ANSWER, 53, 9).subarray(0, 40), { fragmentOffset: 0x2000 }),
  ipv4(udp(ANSWER, 53, 9).subarray(40), { fragmentOffset: 5 }),
];

const PACKETS = [
  ...FRAGMENTS,
  ipv4(tcp(HELLO), { protocol: 6 }),
  ipv4(tcp(HELLO.subarray(0, 60), 1000), { protocol: 6 }),
  ipv4(tcp(HELLO.subarray(60), 1060), { protocol: 6 }),
  ipv4(udp(ANSWER, 53, 9)),
  ipv4(tcp(REQUEST, 1, 2, 80), { protocol: 6 }),
  ipv4(ipv4(udp(ANSWER, 53, 9)), { protocol: 4 }),
  ipv4(udp(QUIC, 1, 443)),
];

/** The first packets of what was recorded. */
const recorded = (name: string, length: number) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/captures/${name}`, import.meta.url))).subarray(
    0,
    length,
  );

export const fuzzTargets: FuzzTarget[] = [
  {
    name: 'pcap',
    seeds: [
      recorded('cooked.pcap', 1500),
      pcapFile(
        PACKETS.map((bytes) => ({ bytes })),
        { linkType: 101 },
      ),
      pcapFile(
        PACKETS.slice(0, 2).map((bytes) => ({ bytes })),
        { linkType: 101, endian: 'big', version: [2, 2] },
      ),
    ],
    run: readWhole,
  },
  {
    name: 'pcapng',
    seeds: [
      recorded('ethernet.pcapng', 1500),
      Buffer.concat([
        sectionHeader('big'),
        interfaceBlock('big', 101, [[9, Buffer.from([6])]]),
        ...PACKETS.map((bytes) => enhancedPacket('big', bytes)),
        block(4, Buffer.from('000100090102030461626364 00000000'.replace(' ', ''), 'hex'), 'big'),
        sectionHeader('little'),
        interfaceBlock('little', 1),
        simplePacket('little', PACKETS[0]!),
      ]),
    ],
    run: readWhole,
  },
  {
    name: 'packets',
    // The first byte chooses the link type.
    seeds: [...PACKETS, ...linkFrames()].map((bytes) => Buffer.concat([Buffer.from([5]), bytes])),
    run(input) {
      const analysis = new CaptureAnalysis(quicCrypto);
      const linkType = LINK_TYPES[(input[0] ?? 0) % LINK_TYPES.length]!;
      // Twice, so that messages begun are gone on with.
      for (const half of [input.length, input.length >> 1]) {
        analysis.packet(linkType, input, Math.min(1, input.length), Math.max(1, half), half, 0);
      }
    },
  },
  { name: 'dns', seeds: [ANSWER], run: (input) => void readDns(input, 0, input.length) },
  {
    name: 'tls',
    seeds: [HELLO, records(clientHello('a.test', 30), 20)],
    run: (input) => void readClientHelloRecords(input, 0, input.length),
  },
  {
    name: 'heard',
    seeds: [ANSWER, Buffer.concat([Buffer.from([0, ANSWER.length]), ANSWER]), HELLO, INITIAL],
    run(input) {
      namesInDns(input);
      namesInDnsStream(input);
      nameInHello(input, '192.0.2.1');
      nameInQuic(heardQuic, input, '192.0.2.1');
    },
  },
  { name: 'http', seeds: [REQUEST], run: (input) => void readRequest(input, 0, input.length) },
];

function linkFrames(): Buffer[] {
  const headers = [
    '02020202020203030303030381000005 0800',
    'ff030021',
    '02000000',
    '00000001000602020202020200000800',
  ];
  return headers.map((header) => Buffer.concat([Buffer.from(header.replace(' ', ''), 'hex'), PACKETS[3]!]));
}

function readWhole(input: Buffer): void {
  const analysis = new CaptureAnalysis(quicCrypto);
  const stream = new CaptureStream(analysis);
  try {
    for (let at = 0; at < input.length; at += 1500) stream.push(input.subarray(at, at + 1500));
    const document = captureDocument('fuzz', analysis, stream.end());
    JSON.stringify(document);
    if (document.capturedBytes > input.length) throw new Error('more bytes captured than there are');
    if (document.wireBytes > document.packets * LARGEST_PACKET)
      throw new Error('more bytes than packets have');
    const sent = document.hosts.reduce((sum, host) => sum + host.txBytes, 0);
    if (sent > document.wireBytes) throw new Error('hosts sent more than there was');
  } catch (error) {
    if (!(error instanceof NetmeterError) || error.code !== 'unreadable-input') throw error;
  }
}
