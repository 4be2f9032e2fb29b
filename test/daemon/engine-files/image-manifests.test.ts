import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineFiles } from '../../../daemon/engine-files/engine-files.js';
import { ImageManifests } from '../../../daemon/engine-files/image-manifests.js';
import { EngineScene, PID, ROOT_DIR } from './engine-scene.js';

const test = suite<{ scene: EngineScene }>('image manifests');
const CONTENT = 'containerd/daemon/io.containerd.content.v1.content/blobs/sha256';

test.before.each((context) => {
  context.scene = new EngineScene();
});
test.after.each(({ scene }) => scene.end());

function reader(scene: EngineScene): ImageManifests {
  return new ImageManifests(
    new EngineFiles({ engine: 'scene', pid: PID, rootDir: ROOT_DIR }, scene.procRoot),
  );
}

/** Puts a blob where an engine would; returns its digest and size. */
function put(scene: EngineScene, folder: string, content: unknown): { digest: string; size: number } {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const hex = createHash('sha256').update(text).digest('hex');
  write(scene, join(folder, hex), text);
  return { digest: `sha256:${hex}`, size: text.length };
}

function write(scene: EngineScene, relative: string, text: string): void {
  const path = scene.data(relative);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function names(scene: EngineScene, repositories: Record<string, Record<string, string>>): void {
  write(scene, 'image/overlay2/repositories.json', JSON.stringify({ Repositories: repositories }));
}

const manifest = (...layers: number[]) => ({
  config: { digest: 'sha256:c', size: 1_000 },
  layers: layers.map((size) => ({ size })),
});

test('by name: the image was pulled as a digest, whose manifest the engine keeps', ({ scene }) => {
  const { digest, size } = put(scene, CONTENT, manifest(3_000, 8_000));
  names(scene, { 'r.test/app': { 'r.test/app:1': 'sha256:i', [`r.test/app@${digest}`]: 'sha256:i' } });
  assert.is(reader(scene).pullBytes('r.test/app:1', undefined), size + 12_000);
  assert.is(reader(scene).pullBytes('r.test/app:2', undefined), undefined);
});

test('by digest: what BuildKit pulled has no name in the image store', ({ scene }) => {
  const { digest, size } = put(scene, 'buildkit/content/blobs/sha256', manifest(5_000));
  assert.is(reader(scene).pullBytes(`r.test/app:1@${digest}`, undefined), size + 6_000);
});

test('of an index, the manifest of the platform; that which was not pulled is not known', ({ scene }) => {
  const arm = put(scene, CONTENT, manifest(7_000));
  const entry = (architecture: string, digest: string) => ({
    digest,
    platform: { os: 'linux', architecture },
  });
  const index = put(scene, CONTENT, {
    manifests: [entry('s390x', `sha256:${'0'.repeat(64)}`), entry('arm64', arm.digest)],
  });
  const at = `r.test/app@${index.digest}`;
  assert.is(reader(scene).pullBytes(at, 'linux/arm64/v8'), arm.size + 8_000);
  assert.is(reader(scene).pullBytes(at, 'linux/s390x'), undefined);
  assert.is(reader(scene).pullBytes(at, 'linux/riscv64'), undefined);
});

test('images that were built here, and nonsense, are not known', ({ scene }) => {
  names(scene, { app: { 'app:latest': 'sha256:i' } });
  assert.is(reader(scene).pullBytes('app', undefined), undefined);
  for (const content of [
    '{',
    '[]',
    'null',
    { layers: [{ size: -1 }], config: { size: 1 } },
    { manifests: [] },
  ]) {
    const { digest } = put(scene, CONTENT, content);
    assert.is(reader(scene).pullBytes(`a@${digest}`, undefined), undefined, JSON.stringify(content));
  }
  const self = put(scene, CONTENT, { manifests: [{ digest: 'sha256:../../etc/passwd' }] });
  assert.is(reader(scene).pullBytes(`a@${self.digest}`, undefined), undefined);
  assert.is(reader(scene).pullBytes('a@sha256:../../../etc/passwd', undefined), undefined);
});

test.run();
