/**
 * Parsers of records under mutated input. Whatever comes, they may only end or refuse with a NetmeterError, and what
 * they make must be what the daemon takes from a client.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import { OutputFrames, type OutputLine } from '../../../daemon/observe/docker/output-frames.js';
import { NetmeterError } from '../../../src/errors.js';
import { importPart } from '../../../src/protocol/import-schema.js';
import { readDockerBuild } from '../../../src/records/archive/dockerbuild.js';
import { readStatusLog } from '../../../src/records/archive/status-log.js';
import { buildRecordsDocument } from '../../../src/records/document.js';
import { readPlain } from '../../../src/records/progress/plain.js';
import { readRawJson } from '../../../src/records/progress/rawjson.js';
import { outputFormat, proxyLogFormat } from '../../../src/records/proxy/choose-format.js';
import { readDistributionMetrics } from '../../../src/records/proxy/distribution-metrics.js';
import { ProxyLogReader } from '../../../src/records/proxy/log-reader.js';
import type { BuildRecords } from '../../../src/records/types.js';
import type { FuzzTarget } from '../capture/fuzz-targets.js';
import {
  ACNG,
  NGINX_FORMAT,
  NGINX_JSON,
  NGINX_LINES,
  SQUID,
  SQUID_COMBINED,
  VERDACCIO,
} from './proxy-logs.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/records/', import.meta.url));
const PLAIN = ['buildx-0.29.plain.log', 'docker-20.10.plain.log'].map(fixture);
const RAW = fixture('buildx-0.29.rawjson');
const ARCHIVE = gunzipSync(fixture('buildx-0.29.dockerbuild'));
const METRICS = Buffer.from(
  'registry_proxy_hits_total{type="blob"} 3\nregistry_proxy_pulled_bytes_total{type="blob"} 1.5e+06\n',
);
const VARS = Buffer.from(
  JSON.stringify({
    registry: { proxy: { blobs: { Requests: 2, Hits: 1, Misses: 1, BytesPulled: 1, BytesPushed: 2 } } },
  }),
);

const TIME = '2026-11-26T12:00:00.000000001Z';
const NGINX_MAIN = readFileSync(`${FIXTURES}proxy-nginx-main.log`, 'utf8');

export const fuzzTargets: FuzzTarget[] = [
  {
    name: 'rawjson',
    // Whole, its first messages, and those as one.
    seeds: [RAW, RAW.subarray(0, 3_000), Buffer.from(RAW.subarray(0, 3_000).toString().replaceAll('\n', ''))],
    run: (input) => fits(readRawJson(input.toString(), 'ref')),
  },
  {
    name: 'plain',
    seeds: [...PLAIN, Buffer.concat([PLAIN[0]!, PLAIN[1]!])],
    run: (input) => fits(readPlain(input.toString(), 'ref', 1_000)),
  },
  { name: 'dockerbuild', seeds: [ARCHIVE], run: (input) => refusing(() => fits(readDockerBuild(input))) },
  { name: 'status-log', seeds: [statusLog()], run: (input) => void readStatusLog(input) },
  {
    name: 'proxy-logs',
    seeds: [SQUID, SQUID_COMBINED, ACNG, NGINX_JSON, VERDACCIO].map((text) => Buffer.from(text)),
    run: (input) => refusing(() => readLog(input.toString())),
  },
  {
    name: 'container-output',
    seeds: [SQUID, NGINX_MAIN, VERDACCIO].flatMap((text) => [framed(text), bare(text)]),
    run: (input) => refusing(() => readOutput(input)),
  },
  {
    name: 'nginx-format',
    seeds: [Buffer.from(NGINX_FORMAT)],
    run: (input) => refusing(() => readLog(NGINX_LINES, input.toString())),
  },
  {
    name: 'distribution-metrics',
    seeds: [METRICS, VARS],
    run: (input) => void readDistributionMetrics(input.toString()),
  },
];

/** As an engine sends what a container writes: in frames, or bare where it has a terminal. */
function framed(text: string): Buffer {
  const frames = text.split('\n').map((line) => {
    const payload = Buffer.from(`${TIME} ${line}\n`);
    const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(payload.length, 4);
    return Buffer.concat([header, payload]);
  });
  return Buffer.concat(frames);
}

function bare(text: string): Buffer {
  return Buffer.from(text.replaceAll(/^/gm, `${TIME} `));
}

function readOutput(input: Buffer): void {
  const frames = new OutputFrames();
  const lines: OutputLine[] = [];
  try {
    for (let at = 0; at < input.length; at += 700) lines.push(...frames.push(input.subarray(at, at + 700)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const format = outputFormat(lines.map(({ text }) => text));
  if (format === undefined) return;
  const reader = new ProxyLogReader(format);
  const requests = lines.flatMap(({ time, text }) => reader.read(text, Date.parse(time)));
  requests.push(...reader.end());
  v.parse(importPart, JSON.parse(JSON.stringify({ kind: format.kind, file: 'file', requests })));
}

function fixture(name: string): Buffer {
  return readFileSync(`${FIXTURES}${name}`);
}

/** The log in the archive: the only blob that begins with the length of a message. */
function statusLog(): Buffer {
  const at = ARCHIVE.indexOf('[internal] load build definition');
  return ARCHIVE.subarray(Math.floor(at / 512) * 512, Math.floor(at / 512) * 512 + 2_048);
}

/** The daemon would take it, through JSON as it is sent. */
function fits(records: BuildRecords): void {
  buildRecordsDocument('file', records);
  const builds = records.builds.map(({ build }) => build);
  v.parse(importPart, JSON.parse(JSON.stringify({ kind: records.kind, file: 'file', builds })));
}

function readLog(text: string, stated?: string): void {
  const format = proxyLogFormat(text, stated);
  if (format === undefined) return;
  const reader = new ProxyLogReader(format);
  const requests = text.split('\n').flatMap((line) => reader.read(line));
  requests.push(...reader.end());
  v.parse(importPart, JSON.parse(JSON.stringify({ kind: format.kind, file: 'file', requests })));
}

function refusing(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof NetmeterError)) throw error;
  }
}
