// The registry protocol: platforms, tokens for anybody, and what a hostile or closed registry gets.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fetchManifest, type RegistrySettings } from '../../../daemon/estimate/registry.js';
import { registrySettings } from '../../../daemon/estimate/registry-settings.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CONFIG = `sha256:${'c'.repeat(64)}`;
const MANIFEST = {
  config: { digest: CONFIG, size: 1_500 },
  layers: [
    { digest: `sha256:${'1'.repeat(64)}`, size: 3_000_000 },
    { digest: `sha256:${'2'.repeat(64)}`, size: 40_000 },
  ],
};
const INDEX = {
  manifests: [
    { digest: `sha256:${'b'.repeat(64)}`, platform: { os: 'linux', architecture: 'arm64' } },
    { digest: DIGEST, platform: { os: 'linux', architecture: 'amd64' } },
  ],
};

let server: Server;
let host = '';
const asked: string[] = [];

test.before(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.after(() => {
  server.close();
});
test.before.each(() => {
  asked.length = 0;
});

function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  const json = (value: unknown, more: Record<string, string> = {}) =>
    response.writeHead(200, { 'content-type': 'application/json', ...more }).end(JSON.stringify(value));
  if (url.startsWith('/token')) json({ token: 'for-anybody' });
  else if (url.includes('/closed/')) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  else if (url.includes('/endless/')) response.writeHead(200).end(' '.repeat(5 << 20));
  else if (url.includes('/nonsense/')) response.writeHead(200).end('<html>');
  else if (url.includes('/shop/') && headers.authorization !== 'Bearer for-anybody') {
    const realm = `Bearer realm="http://${host}/token",service="r",scope="repository:shop:pull"`;
    response.writeHead(401, { 'www-authenticate': realm }).end();
  } else if (url.endsWith('/manifests/1')) json(INDEX, { 'docker-content-digest': 'sha256:top' });
  else if (url.endsWith(`/manifests/${DIGEST}`)) json(MANIFEST);
  else if (url.endsWith(`/blobs/${CONFIG}`)) json({ rootfs: { diff_ids: ['sha256:x', 'sha256:y'] } });
  else response.writeHead(404).end();
}

const settings = (): RegistrySettings => ({
  mirrors: [`http://${host}/`],
  isInsecure: () => true,
  os: 'linux',
  architecture: 'amd64',
});
const ask = (reference: string, platform?: string) =>
  fetchManifest(reference, platform, settings(), new AbortController().signal);

test('the manifest for the engine’s platform, with a token where one is wanted', async () => {
  const manifest = await ask(`${host}/shop/web:1`);
  assert.is(manifest.digest, 'sha256:top');
  assert.equal(
    manifest.layers.map((layer) => layer.bytes),
    [3_000_000, 40_000],
  );
  assert.is(manifest.config?.bytes, 1_500);
  assert.equal(manifest.diffIds, ['sha256:x', 'sha256:y']);
  assert.ok(asked.includes('/token?service=r&scope=repository%3Ashop%3Apull'));
});

test('names of Docker Hub are asked for at the mirror', async () => {
  await ask('alpine:1');
  assert.is(asked[0], '/v2/library/alpine/manifests/1');
});

test('what a registry does not tell is an error with its reason', async () => {
  const cases: [reference: string, platform: string | undefined, why: RegExp][] = [
    [`${host}/none:2`, undefined, /did not tell: it answered 404/],
    [`${host}/closed/a:1`, undefined, /it wants credentials/],
    [`${host}/endless/a:1`, undefined, /is longer than/],
    [`${host}/nonsense/a:1`, undefined, /did not tell/],
    [`${host}/a:1`, 'windows/amd64', /it has none for windows\/amd64/],
    ['127.0.0.1:9/a:1', undefined, /did not tell/],
  ];
  for (const [reference, platform, why] of cases) {
    try {
      await ask(reference, platform);
      assert.unreachable(reference);
    } catch (error) {
      assert.match((error as Error).message, why);
    }
  }
});

test('the engine’s settings: insecure registries, mirrors, platform', () => {
  const found = registrySettings({
    OSType: 'linux',
    Architecture: 'aarch64',
    RegistryConfig: {
      InsecureRegistryCIDRs: ['127.0.0.0/8', '198.51.100.0/24', 'nonsense/99', '::1/128'],
      IndexConfigs: { 'registry.example:5000': { Secure: false }, 'docker.io': { Mirrors: ['http://m/'] } },
      Mirrors: ['http://m/', 'http://n/'],
    },
  });
  assert.equal(found.mirrors, ['http://m/', 'http://n/']);
  assert.is(found.architecture, 'arm64');
  for (const name of [
    '127.0.0.1:5000',
    '198.51.100.7:5000',
    'registry.example:5000',
    '[::1]:5000',
    'localhost',
  ]) {
    assert.is(found.isInsecure(name), true, name);
  }
  for (const name of ['198.51.101.7', 'registry.example', 'ghcr.io'])
    assert.is(found.isInsecure(name), false, name);
  assert.is(registrySettings('nonsense').isInsecure('a'), false);
});

test.run();
