/**
 * Holds netmeter against captures whose truth is known:
 * `node --import tsx scripts/compare-captures.ts DIRECTORY`
 *
 * DIRECTORY has captures and a `truth.json`: `{files: [{file, packets, wire_bytes, captured_bytes, hosts:
 * {address: {tx_pkts, tx_bytes, rx_pkts, rx_bytes}}, host_count, dns_qry: {name: count}, sni: {name: …},
 * http_host: {name: count}, tshark_err}]}`, where `hosts` and names may be only the most frequent ones.
 * Packets over the largest plausible size are taken out of the truth's bytes when netmeter says it left some
 * out. Ends with exit code 1 when a capture cannot be read at all.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyseFile } from '../cli/capture/analyse-file.js';
import type { CaptureDocument } from '../src/capture/document.js';

interface HostTruth {
  tx_pkts: number;
  tx_bytes: number;
  rx_pkts: number;
  rx_bytes: number;
}

interface Truth {
  file: string;
  packets: number;
  wire_bytes: number;
  captured_bytes: number;
  hosts: Record<string, HostTruth>;
  host_count: number;
  dns_qry?: Record<string, unknown>;
  sni?: Record<string, unknown>;
  http_host?: Record<string, unknown>;
  tshark_err?: string;
}

const ASPECTS = [
  'packets',
  'wireBytes',
  'capturedBytes',
  'hosts',
  'hostBytes',
  'dns',
  'sni',
  'http',
] as const;
type Aspect = (typeof ASPECTS)[number];

const directory = process.argv[2];
if (directory === undefined) {
  console.error('usage: node --import tsx scripts/compare-captures.ts DIRECTORY');
  process.exit(2);
}

const truths: Truth[] = JSON.parse(readFileSync(join(directory, 'truth.json'), 'utf8')).files;
const agree = Object.fromEntries(ASPECTS.map((aspect) => [aspect, [0, 0]])) as Record<
  Aspect,
  [number, number]
>;
let unreadable = 0;
for (const truth of truths) {
  const found = await analyseFile(join(directory, truth.file), {
    signal: new AbortController().signal,
  }).catch((error: Error) => error);
  if (found instanceof Error) {
    unreadable += 1;
    console.log(`${truth.file}: unreadable: ${found.message}`);
    continue;
  }
  for (const [aspect, differences] of compare(truth, found)) {
    agree[aspect][1] += 1;
    if (differences.length === 0) agree[aspect][0] += 1;
    else console.log(`${truth.file}: ${aspect}: ${differences.join('; ')}`);
  }
}
console.log();
for (const aspect of ASPECTS) console.log(`${aspect}: ${agree[aspect][0]} of ${agree[aspect][1]} agree`);
console.log(`unreadable: ${unreadable} of ${truths.length}`);
process.exitCode = unreadable > 0 ? 1 : 0;

function compare(truth: Truth, found: CaptureDocument): [Aspect, string[]][] {
  const results: [Aspect, string[]][] = [
    ['packets', difference('', found.packets, truth.packets)],
    ['wireBytes', difference('', found.wireBytes, truth.wire_bytes)],
    ['capturedBytes', difference('', found.capturedBytes, truth.captured_bytes)],
    ['hosts', difference('', found.hosts.length, truth.host_count)],
    ['hostBytes', hostDifferences(truth, found)],
  ];
  if (truth.dns_qry) results.push(['dns', missing(truth.dns_qry, found, ['dns'])]);
  if (truth.sni) results.push(['sni', missing(truth.sni, found, ['tls-sni', 'quic-sni'])]);
  if (truth.http_host) results.push(['http', missing(truth.http_host, found, ['http-host'])]);
  return results;
}

function difference(what: string, found: number, truth: number): string[] {
  return found === truth ? [] : [`${what}found ${found}, truth ${truth}`];
}

function hostDifferences(truth: Truth, found: CaptureDocument): string[] {
  const byAddress = new Map(found.hosts.map((host) => [host.address, host]));
  return Object.entries(truth.hosts).flatMap(([address, expected]) => {
    const host = byAddress.get(address);
    if (host === undefined) return [`${address} missing`];
    return [
      ...difference(`${address} tx packets `, host.txPackets, expected.tx_pkts),
      ...difference(`${address} rx packets `, host.rxPackets, expected.rx_pkts),
      ...difference(`${address} tx `, host.txBytes, expected.tx_bytes),
      ...difference(`${address} rx `, host.rxBytes, expected.rx_bytes),
    ];
  });
}

function missing(truth: Record<string, unknown>, found: CaptureDocument, sources: string[]): string[] {
  const names = new Set(found.names.filter((seen) => sources.includes(seen.source)).map((seen) => seen.name));
  return Object.keys(truth)
    .filter((name) => !names.has(plain(name)))
    .map((name) => `${name} missing`);
}

/** As netmeter writes names: lower case, no final dot, no port. */
function plain(name: string): string {
  const lower = name.toLowerCase().replace(/\.$/, '');
  return lower.startsWith('[') ? lower.slice(1).replace(/\].*$/, '') : lower.replace(/:\d+$/, '');
}
