// Images in the format of Docker's registry API v2 (schema 2 manifests), made of bytes we know.
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { tarOfFile } from './tar.js';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG = 'application/vnd.docker.container.image.v1+json';
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

/** @typedef {{diffId: string, digest: string, blob: Buffer}} Layer `diffId` is the digest before gzip */

/**
 * @param {Buffer} tar
 * @returns {Layer}
 */
export function tarLayer(tar) {
  const blob = gzipSync(tar);
  return { diffId: digestOf(tar), digest: digestOf(blob), blob };
}

/**
 * A layer of one file of random bytes, new every time, a little larger than `size` when compressed.
 *
 * @param {string} name
 * @param {number} size bytes
 * @returns {Layer}
 */
export function randomLayer(name, size) {
  return tarLayer(tarOfFile(name, randomBytes(size)));
}

/**
 * @param {string} registry its base URL
 * @param {string} name
 * @param {string} tag
 * @param {Layer[]} layers lowest first
 */
export async function pushImage(registry, name, tag, layers) {
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Env: ['PATH=/bin'], Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    }),
  );
  for (const blob of [...layers.map((layer) => layer.blob), config]) await pushBlob(registry, name, blob);
  const sized = layers.map(({ digest, blob }) => ({ digest, size: blob.length }));
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: digestOf(config), size: config.length },
    layers: sized.map((layer) => ({ mediaType: LAYER, ...layer })),
  });
  await send(`${registry}/v2/${name}/manifests/${tag}`, 'PUT', manifest, { 'content-type': MANIFEST });
  return {
    image: `${name}:${tag}`,
    manifestBytes: manifest.length,
    configBytes: config.length,
    layers: sized,
  };
}

async function pushBlob(registry, name, blob) {
  const started = await send(`${registry}/v2/${name}/blobs/uploads/`, 'POST', '');
  const place = new URL(started.headers.get('location') ?? '', registry);
  place.searchParams.set('digest', digestOf(blob));
  await send(place.href, 'PUT', blob, { 'content-type': 'application/octet-stream' });
}

async function send(url, method, body, headers = {}) {
  const response = await fetch(url, { method, body, headers });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
