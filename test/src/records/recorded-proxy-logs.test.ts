// Logs of real servers (scripts/record-fixtures/proxy-logs.ts), held against what their clients got and what the server
// behind them sent.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { outputFormat, proxyLogFormat } from '../../../src/records/proxy/choose-format.js';
import { readDistributionMetrics } from '../../../src/records/proxy/distribution-metrics.js';
import { ProxyLogReader } from '../../../src/records/proxy/log-reader.js';
import type { ProxyLogFormat } from '../../../src/records/proxy/types.js';
import type { ProxyRequest } from '../../../src/records/types.js';

const STATED =
  '$remote_addr [$time_local] "$request" $status $body_bytes_sent $upstream_cache_status $upstream_response_length';

interface Truth {
  requests: number;
  servedBytes: number;
  fetchedBytes: number | null;
  got: { path: string; bytes: number }[];
}

function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/records/${name}`, import.meta.url), 'utf8');
}

function read(
  name: string,
  format: (text: string) => ProxyLogFormat | undefined,
): { truth: Truth; requests: ProxyRequest[]; reader: ProxyLogReader } {
  const text = fixture(`proxy-${name}.log`);
  const found = format(text);
  assert.ok(found !== undefined, name);
  const reader = new ProxyLogReader(found);
  const requests = text.split('\n').flatMap((line) => reader.read(line));
  const truth: Truth = JSON.parse(fixture(`proxy-${name}.log.truth.json`));
  return { truth, requests: [...requests, ...reader.end()], reader };
}

function sum(requests: readonly ProxyRequest[], of: 'servedBytes' | 'fetchedBytes'): number {
  return requests.reduce((all, request) => all + (request[of] ?? 0), 0);
}

const asOutput = (text: string) => outputFormat(text.split('\n'));

test('nginx: its image’s own format, a stated one, and JSON', () => {
  for (const [name, format] of [
    ['nginx-main', asOutput],
    ['nginx-stated', (text: string) => proxyLogFormat(text, STATED)],
    ['nginx-json', (text: string) => proxyLogFormat(text)],
  ] as const) {
    const { truth, requests, reader } = read(name, format);
    assert.is(requests.length, truth.requests, name);
    assert.is(sum(requests, 'servedBytes'), truth.servedBytes, name);
    assert.is(reader.skipped, 0, name);
    assert.is(requests[0]?.package, 'some 1.0', name);
    assert.ok((requests[0]?.at ?? 0) > 1_700_000_000_000, name);
    if (name === 'nginx-main') continue;
    assert.is(sum(requests, 'fetchedBytes'), truth.fetchedBytes, name);
    const outcomes = requests.map(({ outcome }) => outcome);
    assert.equal(outcomes, ['miss', 'hit', 'miss', 'miss'], name);
  }
});

test('verdaccio 6, in both of its forms: each request once, and what it asked its uplink for them', () => {
  for (const [name, format] of [
    ['verdaccio-json', proxyLogFormat],
    ['verdaccio-pretty', proxyLogFormat],
    ['verdaccio-pretty', asOutput],
  ] as const) {
    const { truth, requests, reader } = read(name, (text) => format(text));
    assert.is(reader.skipped, 0, name);
    assert.equal(
      requests.map(({ url }) => url),
      truth.got.map(({ path }) => path),
      name,
    );
    assert.equal(
      requests.map(({ outcome }) => outcome),
      ['miss', 'miss', 'hit', 'hit', 'miss', 'miss', 'miss'],
      name,
    );
    // Errors have no bytes in the pretty form.
    const counted = requests.filter(({ code }) => name === 'verdaccio-json' || code === '200');
    assert.equal(
      counted.map(({ servedBytes }) => servedBytes),
      truth.got.slice(0, counted.length).map(({ bytes }) => bytes),
      name,
    );
    // What packages themselves fetched is not in the log, and is not made up.
    const packages = requests.filter(({ package: of }) => of !== undefined);
    assert.equal(
      packages.map(({ package: of, fetchedBytes }) => [of, fetchedBytes]),
      [
        ['nm-some 1.0.0', undefined],
        ['nm-some 1.0.0', 0],
        ['@nm/scoped 1.0.0', undefined],
      ],
      name,
    );
    assert.is(
      sum(requests, 'fetchedBytes') + 50_000 + 20_000,
      truth.fetchedBytes,
      `${name}: of what is no package all is told`,
    );
  }
});

test('a registry that mirrors another one: its access log, and its counters', () => {
  const { truth, requests } = read('registry', asOutput);
  assert.is(requests.length, truth.requests);
  assert.is(sum(requests, 'servedBytes'), truth.servedBytes);
  assert.equal([...new Set(requests.map((request) => request.package))], ['image library/some']);
  const counters = readDistributionMetrics(fixture('proxy-registry-vars.json'));
  // Version 2.8.2 has counted each blob that it fetched twice, and as a hit: said, and not corrected.
  const fetched = new Map(truth.got.slice(1).map(({ path, bytes }) => [path, bytes]));
  const twice = [...fetched.values()].reduce((all, bytes) => all + bytes, 0);
  assert.is(counters?.servedBytes, truth.servedBytes + twice);
  assert.is(counters?.requests, truth.requests + fetched.size);
  assert.match(counters?.unknown.join() ?? '', 'version 2');
});

test.run();
