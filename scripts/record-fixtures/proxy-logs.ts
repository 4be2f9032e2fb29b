/**
 * Records the logs of proxies in test/fixtures/records/proxy-*, and what their clients got and what the servers behind
 * them sent: as root, with nginx, docker-registry and the lab's verdaccio:
 * `node --import tsx scripts/record-fixtures/proxy-logs.ts`
 *
 * All on loopback. Each proxy is asked for the same things: something twice, something once, something that is not there.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lab } from '../../test/lab/harness/index.js';

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/records/', import.meta.url));
const [ORIGIN, PROXY, BEHIND, DEBUG] = [15_080, 15_081, 15_082, 15_083];
const NGINX_STATED =
  '$remote_addr [$time_local] "$request" $status $body_bytes_sent $upstream_cache_status $upstream_response_length';
const NGINX_JSON = [
  'time_iso8601',
  'remote_addr',
  'request_uri',
  'status',
  'body_bytes_sent',
  'upstream_cache_status',
  'upstream_response_length',
];

/** Bodies of the origin by path, and what it sent of them. */
const bodies = new Map<string, Buffer>([
  ['/pool/some_1.0_all.deb', randomBytes(70_000)],
  ['/pool/other_2.0-1_amd64.deb', randomBytes(30_000)],
  ['/nm-some', packument('nm-some')],
  ['/nm-some/-/nm-some-1.0.0.tgz', randomBytes(50_000)],
  ['/@nm%2fscoped', packument('@nm/scoped')],
  ['/@nm/scoped/-/scoped-1.0.0.tgz', randomBytes(20_000)],
]);
let sentBytes = 0;

const directory = mkdtempSync(join(tmpdir(), 'netmeter-proxy-logs-'));
const origin = http
  .createServer((request, response) => {
    const body = bodies.get(request.url?.toLowerCase() ?? '') ?? Buffer.from('{"error":"nothing there"}');
    sentBytes += body.length;
    const type = body[0] === 0x7b ? 'application/json' : 'application/octet-stream';
    const status = bodies.has(request.url?.toLowerCase() ?? '') ? 200 : 404;
    response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body);
  })
  .listen(ORIGIN, '127.0.0.1');
try {
  const debs = ['/pool/some_1.0_all.deb', '/pool/some_1.0_all.deb', '/pool/other_2.0-1_amd64.deb'];
  for (const [name, format] of [
    ['nginx-main', undefined],
    ['nginx-stated', NGINX_STATED],
    ['nginx-json', `escape=json`],
  ] as const) {
    await record(name, nginx(name, format), [...debs, '/pool/none']);
  }
  const packages = ['/nm-some', '/nm-some/-/nm-some-1.0.0.tgz', '/nm-some', '/nm-some/-/nm-some-1.0.0.tgz'];
  const scoped = ['/@nm%2fscoped', '/@nm/scoped/-/scoped-1.0.0.tgz', '/nm-none'];
  for (const format of ['pretty', 'json']) {
    await record(`verdaccio-${format}`, verdaccio(format), [...packages, ...scoped]);
  }
  await recordRegistry();
} finally {
  origin.close();
  rmSync(directory, { recursive: true, force: true });
}

/** Starts a proxy that listens at PROXY, asks it, and keeps what it wrote on its standard output. */
async function record(name: string, command: readonly string[], paths: readonly string[]): Promise<void> {
  const before = sentBytes;
  const log = join(FIXTURES, `proxy-${name}.log`);
  const stop = await start(command, log, PROXY);
  const got: { path: string; bytes: number }[] = [];
  for (const path of paths) {
    got.push({ path, bytes: await get(PROXY, path) });
    // More than the two tellings of one request may be apart.
    await sleep(400);
  }
  await stop();
  const truth = { requests: got.length, servedBytes: sum(got), fetchedBytes: sentBytes - before, got };
  writeFileSync(`${log}.truth.json`, `${JSON.stringify(truth, null, 2)}\n`);
}

function nginx(name: string, format: string | undefined): string[] {
  const root = join(directory, name);
  mkdirSync(root);
  const main =
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
  const json = `escape=json '{${NGINX_JSON.map((key) => `"${key}":"$${key}"`).join(',')}}'`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = `
daemon off;
user root;
pid ${root}/pid;
error_log ${root}/error.log;
events {}
http {
  ${temporary.map((each) => `${each}_temp_path ${root}/${each};`).join('\n  ')}
  log_format told ${format === undefined ? `'${main}'` : format.startsWith('escape') ? json : `'${format}'`};
  access_log /dev/stdout told;
  proxy_cache_path ${root}/cache keys_zone=all:1m;
  server {
    listen 127.0.0.1:${PROXY};
    location / { proxy_pass http://127.0.0.1:${ORIGIN}; proxy_cache all; proxy_cache_valid 200 1h; }
  }
}
`;
  writeFileSync(join(root, 'nginx.conf'), config);
  return ['nginx', '-c', join(root, 'nginx.conf')];
}

/** As its image configures it, but for where it listens and fetches. */
function verdaccio(format: string): string[] {
  const root = join(directory, `verdaccio-${format}`);
  mkdirSync(root);
  writeFileSync(
    join(root, 'config.yaml'),
    `storage: ${root}/storage
auth: {htpasswd: {file: ${root}/htpasswd}}
web: {enable: false}
uplinks: {far: {url: "http://127.0.0.1:${ORIGIN}/"}}
packages: {"**": {access: $all, proxy: far}}
log: {type: stdout, format: ${format}, level: http}
`,
  );
  const program = lab().verdaccio;
  if (program === undefined) throw new Error('the lab has no verdaccio: run scripts/lab/lab up');
  return [process.execPath, program, '--config', join(root, 'config.yaml'), '--listen', `127.0.0.1:${PROXY}`];
}

/** A registry as a mirror of another one: its access log, and its counters. */
async function recordRegistry(): Promise<void> {
  const behind = await start(['docker-registry', 'serve', registry('behind', BEHIND, '')], undefined, BEHIND);
  const layers = [randomBytes(60_000), randomBytes(9_000)];
  const digests: string[] = [];
  for (const layer of layers) digests.push(await pushBlob(layer));
  const config = Buffer.from(
    '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
  );
  const configDigest = await pushBlob(config);
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: config.length,
        digest: configDigest,
      },
      layers: layers.map((layer, at) => ({ mediaType: layerType, size: layer.length, digest: digests[at] })),
    }),
  );
  await call(BEHIND, 'PUT', '/v2/library/some/manifests/1', manifest, { 'content-type': type });
  const paths = [
    '/v2/library/some/manifests/1',
    ...[...digests, configDigest, digests[0]].map((digest) => `/v2/library/some/blobs/${digest}`),
  ];
  const log = join(FIXTURES, 'proxy-registry.log');
  const config2 = registry('mirror', PROXY, `proxy: {remoteurl: "http://127.0.0.1:${BEHIND}"}`);
  const stop = await start(['docker-registry', 'serve', config2], log, PROXY);
  const got = [];
  for (const path of paths) {
    const { length } = (await call(PROXY, 'GET', path, undefined, { accept: type })).body;
    got.push({ path, bytes: length });
    await sleep(300);
  }
  const { body: counters } = await call(DEBUG, 'GET', '/debug/vars');
  writeFileSync(join(FIXTURES, 'proxy-registry-vars.json'), counters);
  await stop();
  await behind();
  const truth = { requests: got.length, servedBytes: sum(got), fetchedBytes: null, got };
  writeFileSync(`${log}.truth.json`, `${JSON.stringify(truth, null, 2)}\n`);
}

function registry(name: string, port: number, more: string): string {
  const root = join(directory, name);
  mkdirSync(root);
  const debug = more === '' ? '' : `, debug: {addr: "127.0.0.1:${DEBUG}"}`;
  writeFileSync(
    join(root, 'registry.yml'),
    `version: 0.1
storage: {filesystem: {rootdirectory: ${root}/storage}}
http: {addr: "127.0.0.1:${port}"${debug}}
${more}
`,
  );
  return join(root, 'registry.yml');
}

async function pushBlob(bytes: Buffer): Promise<string> {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const { headers } = await call(BEHIND, 'POST', '/v2/library/some/blobs/uploads/');
  const place = new URL(String(headers.location), `http://127.0.0.1:${BEHIND}`);
  place.searchParams.set('digest', digest);
  const type = { 'content-type': 'application/octet-stream' };
  await call(BEHIND, 'PUT', place.pathname + place.search, bytes, type);
  return digest;
}

/** @returns what ends it */
async function start(
  command: readonly string[],
  log: string | undefined,
  port: number,
): Promise<() => Promise<void>> {
  const [file = '', ...args] = command;
  const out = log === undefined ? 'ignore' : openSync(log, 'w');
  const child = spawn(file, args, { stdio: ['ignore', out, 'ignore'] });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  if (typeof out === 'number') closeSync(out);
  for (let time = 0; time < 100; time++) {
    await sleep(200);
    if (await isListening(port)) break;
  }
  return async () => {
    await sleep(1_000);
    child.kill('SIGTERM');
    await ended;
  };
}

/** Asks nothing: it would be logged. */
async function isListening(port: number): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return readFileSync('/proc/net/tcp', 'utf8').includes(`:${hex} 00000000:0000 0A`);
}

async function get(port: number, path: string): Promise<number> {
  return (await call(port, 'GET', path)).body.length;
}

function call(
  port: number,
  method: string,
  path: string,
  body?: Buffer,
  headers: http.OutgoingHttpHeaders = {},
): Promise<{ headers: http.IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers, agent: false };
    const request = http.request(options, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

function packument(name: string): Buffer {
  const tarball = `http://127.0.0.1:${ORIGIN}/${name}/-/${name.split('/').at(-1)}-1.0.0.tgz`;
  const dist = { tarball, shasum: '0'.repeat(40) };
  const versions = { '1.0.0': { name, version: '1.0.0', dist } };
  return Buffer.from(JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions }));
}

function sum(got: readonly { bytes: number }[]): number {
  return got.reduce((all, { bytes }) => all + bytes, 0);
}
