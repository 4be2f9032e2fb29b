/**
 * Records the captures in test/fixtures/captures, and what tshark counts in them: as root, with dumpcap,
 * tcpdump, tshark and openssl: `node --import tsx scripts/record-fixtures/captures.ts`
 *
 * Two network namespaces of its own, joined by a veth pair: in one a name server, a web server and a TLS server,
 * in the other a client that asks them. Nothing leaves the machine.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SERVER = '198.51.100.2';
const SERVER_V6 = 'fd00:5:1::2';
const FIXTURES = fileURLToPath(new URL('../../test/fixtures/captures/', import.meta.url));
const SELF = fileURLToPath(import.meta.url);

const [role, argument] = process.argv.slice(2);
if (role === 'serve') await serve(argument!);
else if (role === 'ask') await ask();
else await record();

async function record(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'netmeter-captures-'));
  const [client, server] = [`nmc${process.pid}`, `nms${process.pid}`];
  const children: ReturnType<typeof spawn>[] = [];
  const background = (namespace: string, ...command: string[]) => {
    children.push(spawn('ip', ['netns', 'exec', namespace, ...command], { stdio: 'ignore' }));
  };
  try {
    makeNamespaces(client, server);
    run(
      'openssl',
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' '),
      '-subj',
      '/CN=recorded',
      '-keyout',
      join(directory, 'key.pem'),
      '-out',
      join(directory, 'cert.pem'),
    );
    background(server, process.execPath, '--import', 'tsx', SELF, 'serve', directory);
    background(client, 'dumpcap', '-q', '-i', 'wire0', '-w', join(directory, 'ethernet.pcapng'));
    background(client, 'tcpdump', '-U', '-Z', 'root', '-i', 'any', '-w', join(directory, 'cooked.pcap'));
    await sleep(8000);
    run('ip', 'netns', 'exec', client, process.execPath, '--import', 'tsx', SELF, 'ask');
    await sleep(2000);
  } finally {
    for (const child of children) child.kill('SIGINT');
    await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')));
    for (const namespace of [client, server]) run('ip', 'netns', 'del', namespace);
  }
  for (const name of ['ethernet.pcapng', 'cooked.pcap']) {
    const file = join(directory, name);
    writeFileSync(join(FIXTURES, name), readFileSync(file));
    writeFileSync(
      join(FIXTURES, `${name}.tshark.json`),
      `${JSON.stringify(countWithTshark(file), null, 2)}\n`,
    );
  }
  rmSync(directory, { recursive: true });
}

function makeNamespaces(client: string, server: string): void {
  for (const namespace of [client, server]) {
    run('ip', 'netns', 'add', namespace);
    run('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
  }
  run('ip', '-n', client, 'link', 'add', 'wire0', 'type', 'veth', 'peer', 'name', 'wire0', 'netns', server);
  for (const [namespace, last] of [
    [client, 1],
    [server, 2],
  ] as const) {
    run('ip', '-n', namespace, 'address', 'add', `198.51.100.${last}/24`, 'dev', 'wire0');
    run('ip', '-n', namespace, 'address', 'add', `fd00:5:1::${last}/64`, 'dev', 'wire0', 'nodad');
    run('ip', '-n', namespace, 'link', 'set', 'wire0', 'up');
  }
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

async function serve(directory: string): Promise<void> {
  const names = createSocket('udp4');
  names.on('message', (query, from) => names.send(dnsAnswer(query), from.port, from.address));
  names.bind(53, SERVER);
  const answer: http.RequestListener = (_request, response) => response.end('recorded '.repeat(2000));
  http.createServer(answer).listen(80, '::');
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(directory, name)));
  https.createServer({ key, cert }, answer).listen(443, '::');
  await once(process, 'SIGINT');
  process.exit(0);
}

/** The question back, `<name> CNAME mirror.example` and `mirror.example A <server>`. */
function dnsAnswer(query: Buffer): Buffer {
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const header = Buffer.concat([
    query.subarray(0, 2),
    Buffer.from('818000010002000000 00'.replace(' ', ''), 'hex'),
  ]);
  const mirror = Buffer.from('\x06mirror\x07example\x00', 'latin1');
  const alias = Buffer.concat([Buffer.from('c00c000500010000003c0010', 'hex'), mirror]);
  const address = Buffer.concat([
    mirror,
    Buffer.from('000100010000003c0004', 'hex'),
    Buffer.from(SERVER.split('.').map(Number)),
  ]);
  return Buffer.concat([header, question, alias, address]);
}

async function ask(): Promise<void> {
  const resolver = new Resolver();
  resolver.setServers([SERVER]);
  await resolver.resolve4('deb.debian.org');
  await get(http.get({ host: SERVER, headers: { Host: 'deb.debian.org' } }));
  await get(https.get({ host: SERVER, servername: 'registry.npmjs.org', rejectUnauthorized: false }));
  await get(https.get({ host: SERVER_V6, servername: 'pypi.org', rejectUnauthorized: false }));
  // Larger than the link's frames: fragments of both versions. Nobody listens, so errors come back.
  await sendDatagram('udp4', SERVER);
  await sendDatagram('udp6', SERVER_V6);
}

async function sendDatagram(type: 'udp4' | 'udp6', address: string): Promise<void> {
  const socket = createSocket(type);
  await new Promise<void>((resolve) => socket.send(Buffer.alloc(4000, 'x'), 9, address, () => resolve()));
  socket.close();
}

async function get(request: http.ClientRequest): Promise<void> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
  request.destroy();
}

function countWithTshark(file: string): object {
  const fields = ['frame.len', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'dns.qry.name', 'http.host'];
  fields.push('tls.handshake.extensions_server_name');
  const args = [
    '-r',
    file,
    '-n',
    '-T',
    'fields',
    '-E',
    'occurrence=f',
    ...fields.flatMap((field) => ['-e', field]),
  ];
  const hosts: Record<string, { txBytes: number; rxBytes: number }> = {};
  const names: Record<string, Set<string>> = { dns: new Set(), 'http-host': new Set(), 'tls-sni': new Set() };
  const lines = run('tshark', ...args)
    .trimEnd()
    .split('\n');
  let wireBytes = 0;
  for (const line of lines) {
    const [length, from, to, from6, to6, asked, host, server] = line.split('\t');
    wireBytes += Number(length);
    for (const [address, direction] of [
      [from || from6, 'txBytes'],
      [to || to6, 'rxBytes'],
    ] as const) {
      if (!address) continue;
      hosts[address] ??= { txBytes: 0, rxBytes: 0 };
      hosts[address][direction] += Number(length);
    }
    for (const [source, name] of [
      ['dns', asked],
      ['http-host', host],
      ['tls-sni', server],
    ] as const) {
      if (name) names[source]!.add(name);
    }
  }
  const sorted = Object.entries(names).map(([source, set]) => [source, [...set].sort()]);
  return { packets: lines.length, wireBytes, hosts, names: Object.fromEntries(sorted) };
}
