import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseHostAndPort } from '../../../src/proxies/address-text.js';
import { endpointText, type ProxyContainer, proxyInContainer } from '../../../src/proxies/container-proxy.js';
import { kindOfImage, kindOfProgram } from '../../../src/proxies/kinds.js';
import { mergeFindings } from '../../../src/proxies/merge.js';
import { parseListening } from '../../../src/proxies/proc-net-tcp.js';
import type { ProxyFinding } from '../../../src/proxies/types.js';

test('images by their names, whoever built them', () => {
  const images: [string, string | undefined][] = [
    ['sameersbn/apt-cacher-ng:3.7', 'apt-cacher-ng'],
    ['ubuntu/squid', 'squid'],
    ['localhost:5000/infra/docker-squid@sha256:ab', 'squid'],
    ['verdaccio/verdaccio:6', 'verdaccio'],
    ['jonasal/devpi-server', 'devpi'],
    ['epicwink/proxpi', 'proxpi'],
    ['sonatype/nexus3:3.70', 'nexus'],
    ['gomods/athens', 'athens'],
    ['rpardini/docker-registry-proxy', 'docker-registry-proxy'],
    ['registry:2', 'registry'],
    ['boynux/squid-exporter', undefined],
    ['joxit/docker-registry-ui', undefined],
    ['squidward', undefined],
    ['nginx', undefined],
  ];
  for (const [image, kind] of images) assert.is(kindOfImage(image)?.key, kind, image);
});

test('programs by their own name or behind their interpreter', () => {
  assert.is(kindOfProgram('squid', [])?.key, 'squid');
  assert.is(kindOfProgram('node', ['node', '/usr/lib/node_modules/.bin/verdaccio'])?.key, 'verdaccio');
  assert.is(kindOfProgram('vi', ['vi', '/etc/squid.conf']), undefined);
});

test('addresses as people write them', () => {
  const texts: [string, string | undefined, number?][] = [
    ['192.168.1.5:3142', '192.168.1.5', 3142],
    ['[FD00::5]:3128', 'fd00::5', 3128],
    ['Cache.lan:4873', 'cache.lan', 4873],
    ['http://cache.lan:8081/repository/pypi', 'cache.lan', 8081],
    ['https://mirror.example', 'mirror.example', 443],
    ['cache.lan', undefined],
    ['1.2.3:80', undefined],
    ['host:0', undefined],
    ['host:65536', undefined],
    ['fd00::5:3128', undefined],
    ['a b:80', undefined],
    ['\u001b[31m:80', undefined],
    ['', undefined],
  ];
  for (const [text, host, port] of texts) {
    assert.equal(parseHostAndPort(text), host === undefined ? undefined : { host, port }, text);
  }
});

const CONTAINER: ProxyContainer = {
  id: 'a'.repeat(64),
  name: 'cache',
  image: 'nginx',
  labels: {},
  publishedPorts: [],
  addresses: [{ address: '172.17.0.2' }],
};
const published = (hostPort: number, containerPort: number, hostAddress = '0.0.0.0') => {
  return { protocol: 'tcp', hostAddress, hostPort, containerPort };
};
const endpoints = (finding: ProxyFinding | undefined) => finding?.endpoints.map(endpointText);
const heard = () => [8123];

test('a container is a proxy by its image, its label or by choice; else it is none', () => {
  assert.is(proxyInContainer(CONTAINER, undefined, heard), undefined);
  const squid = {
    ...CONTAINER,
    image: 'ubuntu/squid',
    publishedPorts: [published(80, 3128), published(81, 9)],
  };
  assert.equal(endpoints(proxyInContainer(squid, undefined, heard)), ['172.17.0.2:3128', '*:80']);
  const ignored = { ...squid, labels: { 'netmeter.role': 'none' } };
  assert.is(proxyInContainer(ignored, undefined, heard), undefined);
  const labels = { 'netmeter.role': 'proxy', 'netmeter.name': 'wheels', 'netmeter.port': '80, x, 70000,81' };
  const labelled = proxyInContainer({ ...CONTAINER, labels }, undefined, heard);
  assert.is(labelled?.name, 'wheels');
  assert.equal(endpoints(labelled), ['172.17.0.2:80', '172.17.0.2:81']);
  const chosen = proxyInContainer(CONTAINER, { origin: 'added', name: 'mine' }, heard);
  assert.is(chosen?.name, 'mine');
  assert.equal(endpoints(chosen), ['172.17.0.2:8123'], 'what it listens on, as nothing else tells');
});

test('a port that is published at one address counts there only', () => {
  const local = { ...CONTAINER, image: 'squid', publishedPorts: [published(3128, 3128, '127.0.0.1')] };
  assert.equal(endpoints(proxyInContainer(local, undefined, heard)), ['172.17.0.2:3128', '127.0.0.1:3128']);
});

test('a registry is a proxy only when it passes on what another has', () => {
  const registry = { ...CONTAINER, image: 'registry:2' };
  assert.is(proxyInContainer(registry, undefined, heard), undefined);
  assert.is(proxyInContainer({ ...registry, isPullThrough: true }, undefined, heard)?.origin, 'image');
});

test('what is found twice is one proxy, and no two have one name', () => {
  const finding = (name: string, ownerId: string | undefined, port: number): ProxyFinding => ({
    name,
    kind: ownerId === undefined ? undefined : 'squid',
    origin: ownerId === undefined ? 'added' : 'program',
    place: ownerId === undefined ? 'elsewhere' : 'host',
    ownerId,
    endpoints: [{ address: undefined, port, protocol: 'tcp' }],
    because: undefined,
  });
  const merged = mergeFindings([
    finding('mine', undefined, 1),
    finding('squid', 'host:/a', 1),
    finding('squid', 'host:/b', 2),
    finding('squid', 'host:/c', 3),
    finding('again', 'host:/c', 4),
  ]);
  assert.equal(
    merged.map(({ name, ownerId, kind, endpoints: all }) => [name, ownerId, kind, all.length]),
    [
      ['mine', 'host:/a', 'squid', 1],
      ['squid', 'host:/b', 'squid', 1],
      ['squid-2', 'host:/c', 'squid', 2],
    ],
  );
});

test('the kernel’s table of sockets, as far as they listen', () => {
  const line = (at: number, local: string, state: string, inode: number) =>
    `   ${at}: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 x`;
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    line(0, '0100007F:0C46', '0A', 11),
    line(1, '00000000:0C38', '0A', 12),
    'nonsense',
    line(2, '00000000:0C39', '0A', 13),
  ].join('\n');
  assert.equal(parseListening(table), [
    { address: '127.0.0.1', port: 3142, inode: 11 },
    { address: undefined, port: 3128, inode: 12 },
  ]);
  const six = `\n${line(0, '00000000000000000000000001000000:1F91', '0A', 14)}\n${line(1, '00000000:0001', '01', 15)}`;
  assert.equal(parseListening(six), [{ address: '::1', port: 8081, inode: 14 }]);
  assert.equal(parseListening(''), []);
});

test.run();
