import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageOf } from '../../../src/records/package-of.js';
import { proxyLogFormat } from '../../../src/records/proxy/choose-format.js';
import { readDistributionMetrics } from '../../../src/records/proxy/distribution-metrics.js';
import { ProxyLogReader } from '../../../src/records/proxy/log-reader.js';
import { ProxySummary } from '../../../src/records/proxy/sums.js';
import type { ProxyRequest } from '../../../src/records/types.js';
import {
  ACNG,
  NGINX_FORMAT,
  NGINX_JSON,
  NGINX_LINES,
  SQUID,
  SQUID_COMBINED,
  VERDACCIO,
} from './proxy-logs.js';

function read(text: string, stated?: string): { kind: string; requests: ProxyRequest[]; skipped: number } {
  const format = proxyLogFormat(text, stated);
  assert.ok(format !== undefined, 'recognised');
  const reader = new ProxyLogReader(format);
  const requests = text.split('\n').flatMap((line) => reader.read(line));
  return { kind: format.kind, requests: [...requests, ...reader.end()], skipped: reader.skipped };
}

test('squid: what crossed the WAN, and what did not', () => {
  const { kind, requests } = read(SQUID);
  assert.is(kind, 'squid-native');
  assert.equal(
    requests.map(({ outcome, servedBytes, fetchedBytes }) => [outcome, servedBytes, fetchedBytes]),
    [
      ['miss', 4814, 4814],
      ['revalidated', 299272, 0],
      ['hit', 2669167, 0],
      ['refused', 3951, 0],
      ['tunnel', 1000, 1000],
      ['failed', 4019, undefined],
    ],
  );
  assert.is(requests[0]!.package, 'perl 5.36-7');
  assert.is(requests[0]!.at, 1694992833804);
});

test('squid combined', () => {
  const { kind, requests } = read(SQUID_COMBINED);
  assert.equal([kind, requests[0]!.outcome, requests[0]!.package], ['squid-combined', 'miss', 'a 1']);
  assert.is(new Date(requests[0]!.at!).toISOString(), '2023-10-31T07:46:32.000Z');
});

test('custom formats are refused, not misread: more columns, other columns, other orders', () => {
  const more = SQUID.replaceAll(/$/gm, ' 53 -');
  const other =
    '2023-10-31 08:44:22 192.0.2.9:48834 TCP_MISS/200:HIER_DIRECT "GET http://a/ HTTP/1.1" 200 5265 6665';
  const swapped = SQUID.replaceAll(/(TCP_\S+) (\d+)/g, '$2 $1');
  const combined = '192.0.2.9 - - [31/Oct/2023:08:46:32 +0100] "GET /a HTTP/1.1" 200 5265 "-" "apt"';
  for (const text of [more, other, swapped, combined, '{"a":1}', '', 'words']) {
    assert.is(proxyLogFormat(text), undefined, text.slice(0, 60));
  }
});

test('a log that changes its format in the middle is refused when it does', () => {
  const reader = new ProxyLogReader(proxyLogFormat(SQUID)!);
  assert.throws(() => {
    for (let i = 0; i < 200; i++) reader.read(`another ${i}`);
  }, /begins like squid-native/);
});

test('apt-cacher-ng: misses, hits, revalidations that fetch more than they serve', () => {
  const { kind, requests } = read(ACNG);
  assert.is(kind, 'apt-cacher-ng');
  assert.equal(
    requests.map(({ outcome, servedBytes, fetchedBytes }) => [outcome, servedBytes, fetchedBytes]),
    [
      ['revalidated', 102, 29564],
      ['miss', 132331, 133000],
      ['hit', 132331, 0],
      ['miss', 0, 500],
    ],
  );
  assert.is(requests[2]!.package, 'less 590-2.1~deb12u2');
});

test('nginx by a stated format, and as JSON', () => {
  const { requests } = read(NGINX_LINES, NGINX_FORMAT);
  assert.equal(
    requests.map(({ outcome, servedBytes, fetchedBytes, package: name }) => [
      outcome,
      servedBytes,
      fetchedBytes,
      name,
    ]),
    [
      ['miss', 4844, 5000, 'a 1.0'],
      ['hit', 4844, 0, 'a 1.0'],
    ],
  );
  assert.is(proxyLogFormat(NGINX_LINES, '$remote_addr $body_bytes_sent $request_uri'), undefined);
  assert.throws(() => proxyLogFormat(NGINX_LINES, '$remote_addr $status'), /bytes_sent/);
  assert.throws(() => proxyLogFormat(NGINX_LINES, '$request_uri$bytes_sent'), /between its variables/);
  const [request] = read(NGINX_JSON).requests;
  assert.equal([request!.outcome, request!.servedBytes, request!.fetchedBytes], ['miss', 943, undefined]);
  assert.is(request!.package, 'image library/ubuntu');
});

test('verdaccio: a request that is told twice counts once, in both ways it is told twice', () => {
  const { kind, requests } = read(VERDACCIO);
  assert.is(kind, 'verdaccio-pretty');
  assert.equal(
    requests.map(({ servedBytes, fetchedBytes, package: name }) => [servedBytes, fetchedBytes, name]),
    [
      [27224, 119164, undefined],
      [517, undefined, 'ink 6.8.0'],
      [400, undefined, undefined],
    ],
  );
  const line = (time: number) =>
    JSON.stringify({
      level: 35,
      time,
      sub: 'in',
      request: { method: 'GET', url: '/execa' },
      remoteIP: '172.17.0.1',
      status: 200,
      bytes: { in: 0, out: 27224 },
      msg: '@{status}, user: @{user}(@{remoteIP})',
    });
  const json = read([line(1_700_000_000_000), line(1_700_000_000_005), line(1_700_000_009_000)].join('\n'));
  assert.equal([json.kind, json.requests.length], ['verdaccio-json', 2]);
});

test('keys are the same when a log has grown, and differ between equal lines', () => {
  const grown = SQUID + SQUID.split('\n')[0];
  const first = read(SQUID).requests.map(({ key }) => key);
  const second = read(grown).requests.map(({ key }) => key);
  assert.equal(second.slice(0, first.length), first);
  assert.is(new Set(second).size, first.length + 1);
});

test('sums: what is not known is null', () => {
  const summary = new ProxySummary();
  for (const request of read(SQUID).requests) summary.add(request);
  const { hits, misses, servedBytes, fetchedBytes, fetchedUnknown, packages } = summary.sums();
  assert.equal([hits, misses, servedBytes, fetchedBytes, fetchedUnknown], [2, 2, 2982223, 5814, 1]);
  assert.equal(packages, [
    { name: 'perl 5.36-7', requests: 2, hits: 1, servedBytes: 2673981, fetchedBytes: 4814 },
  ]);
});

test('the counters of distribution, in both forms', () => {
  const text = `# TYPE registry_proxy_hits_total counter
registry_proxy_hits_total{type="blob"} 3
registry_proxy_misses_total{type="blob"} 2
registry_proxy_pulled_bytes_total{type="blob"} 1.5e+06
registry_proxy_pulled_bytes_total{type="manifest"} 600
registry_proxy_pushed_bytes_total{type="blob"} 4e+06
registry_proxy_requests_total{type="blob"} 5
go_goroutines 12
`;
  const counters = readDistributionMetrics(text);
  assert.equal(counters, {
    requests: 5,
    hits: 3,
    misses: 2,
    servedBytes: 4e6,
    fetchedBytes: 1_500_600,
    skipped: 1,
    unknown: [],
  });
  const part = { Requests: 2, Hits: 1, Misses: 1, BytesPulled: 10, BytesPushed: 20 };
  const vars = readDistributionMetrics(
    JSON.stringify({ cmdline: [], registry: { proxy: { blobs: part, manifests: part } } }),
  );
  const { unknown, ...sums } = vars!;
  assert.is(unknown.length, 1);
  assert.equal(sums, { requests: 4, hits: 2, misses: 2, servedBytes: 40, fetchedBytes: 20, skipped: 1 });
  assert.is(readDistributionMetrics('go_goroutines 12'), undefined);
});

test('packages by their file names', () => {
  const cases: [string, string | undefined][] = [
    [
      'http://deb.debian.org/debian/pool/main/l/less/less_590-2.1%7edeb12u2_amd64.deb',
      'less 590-2.1~deb12u2',
    ],
    ['https://registry.npmjs.org/@scope/name/-/name-1.2.3.tgz', '@scope/name 1.2.3'],
    [
      'https://files.pythonhosted.org/packages/ab/numpy-2.1.0-cp312-cp312-manylinux_2_17_x86_64.whl',
      'numpy 2.1.0',
    ],
    ['https://files.pythonhosted.org/packages/ab/PyYAML-6.0.tar.gz', 'PyYAML 6.0'],
    ['http://dl.example/x86_64/os/Packages/nginx-1.20.1-14.el9.x86_64.rpm', 'nginx 1.20.1-14.el9'],
    ['https://dl-cdn.alpinelinux.org/alpine/v3.20/main/x86_64/zlib-1.3.1-r1.apk', 'zlib 1.3.1-r1'],
    ['https://proxy.golang.org/github.com/pkg/errors/@v/v0.9.1.zip', 'github.com/pkg/errors v0.9.1'],
    ['https://repo1.maven.org/maven2/org/a/junit/4.13/junit-4.13.jar', 'junit 4.13'],
    ['http://deb.debian.org/debian/dists/bookworm/InRelease', undefined],
    ['/%E0%A4%A', undefined],
  ];
  for (const [url, name] of cases) assert.is(packageOf(url), name, url);
});

test.run();
