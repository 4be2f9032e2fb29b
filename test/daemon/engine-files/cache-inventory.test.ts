// What BuildKit keeps, by its database: all of it, nothing, or unknown.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCacheInventory } from '../../../daemon/engine-files/cache-inventory.js';
import { EngineFiles } from '../../../daemon/engine-files/engine-files.js';
import { EngineScene, PID, ROOT_DIR } from './engine-scene.js';

const FIXTURES = new URL('../../fixtures/executor/', import.meta.url);
const RECORDED = gunzipSync(readFileSync(new URL('metadata_v2-20.10.db.gz', FIXTURES)));
const TRUTH = JSON.parse(readFileSync(new URL('build-cache-20.10.json', FIXTURES), 'utf8')) as unknown[];
const PAGE = 4096;

const test = suite<{ scene: EngineScene; files: EngineFiles }>('cache inventory');

test.before.each((context) => {
  context.scene = new EngineScene();
  context.files = new EngineFiles({ engine: 'scene', pid: PID, rootDir: ROOT_DIR }, context.scene.procRoot);
  mkdirSync(context.scene.data('buildkit/containerd-overlayfs'), { recursive: true });
});
test.after.each(({ scene }) => scene.end());

test('every record is a layer or a cache mount', ({ scene, files }) => {
  writeFileSync(scene.data('buildkit/metadata_v2.db'), RECORDED);
  const found = readCacheInventory(files);
  // BuildKit's database has some that its list leaves out.
  assert.ok((found?.layers.length ?? 0) + (found?.caches.length ?? 0) >= TRUTH.length);
});

test('a database without records says that nothing is kept; none says nothing', ({ scene, files }) => {
  assert.is(readCacheInventory(files), undefined);
  writeFileSync(scene.data('buildkit/metadata_v2.db'), emptyDatabase());
  assert.equal(readCacheInventory(files), { layers: [], caches: [] });
});

test('of two image stores, the one with records counts', ({ scene, files }) => {
  writeFileSync(scene.data('buildkit/metadata_v2.db'), emptyDatabase());
  writeFileSync(scene.data('buildkit/containerd-overlayfs/metadata_v2.db'), RECORDED);
  assert.ok((readCacheInventory(files)?.layers.length ?? 0) > 0);
});

/** As bbolt makes it: two meta pages, a free list, and a root bucket that has nothing in it. */
function emptyDatabase(): Buffer {
  const file = Buffer.alloc(4 * PAGE);
  for (const page of [0, 1]) {
    header(file, page, 0x04);
    const meta = file.subarray(page * PAGE + 16, page * PAGE + 80);
    meta.writeUInt32LE(0xed0cdaed, 0);
    meta.writeUInt32LE(2, 4);
    meta.writeUInt32LE(PAGE, 8);
    meta.writeBigUInt64LE(3n, 16);
    meta.writeBigUInt64LE(2n, 32);
    meta.writeBigUInt64LE(4n, 40);
    meta.writeBigUInt64LE(BigInt(page), 48);
    meta.writeBigUInt64LE(fnv1a(meta.subarray(0, 56)), 56);
  }
  header(file, 2, 0x10);
  header(file, 3, 0x02);
  return file;
}

function header(file: Buffer, page: number, flags: number): void {
  file.writeBigUInt64LE(BigInt(page), page * PAGE);
  file.writeUInt16LE(flags, page * PAGE + 8);
}

function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

test.run();
