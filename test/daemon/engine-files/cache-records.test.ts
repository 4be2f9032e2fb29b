import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCacheRecords } from '../../../daemon/engine-files/cache-records.js';
import { EngineFiles } from '../../../daemon/engine-files/engine-files.js';
import { readBuildDefinitions } from '../../../daemon/observe/executor/provenance-reader.js';
import { EngineScene, PID, ROOT_DIR } from './engine-scene.js';

/** What the engine itself said of the records in the database. */
interface TrueRecord {
  ID: string;
  Parent: string;
  Type: string;
  Description: string;
  CreatedAt: string;
}

const FIXTURES = new URL('../../fixtures/executor/', import.meta.url);
const DATABASE = gunzipSync(readFileSync(new URL('metadata_v2-20.10.db.gz', FIXTURES)));
const TRUTH = JSON.parse(readFileSync(new URL('build-cache-20.10.json', FIXTURES), 'utf8')) as TrueRecord[];

const test = suite<{ scene: EngineScene; files: EngineFiles }>('cache records');

test.before.each((context) => {
  context.scene = new EngineScene();
  context.files = new EngineFiles({ engine: 'scene', pid: PID, rootDir: ROOT_DIR }, context.scene.procRoot);
  mkdirSync(context.scene.data('buildkit'));
});
test.after.each(({ scene }) => scene.end());

function put(scene: EngineScene, database: Uint8Array): void {
  writeFileSync(scene.data('buildkit/metadata_v2.db'), database);
}

test('says of each record what the engine says', ({ scene, files }) => {
  put(scene, DATABASE);
  const byId = new Map(TRUTH.map((record) => [record.ID, record]));
  assert.ok(TRUTH.length > 50);
  let parents = 0;
  for (const record of TRUTH) {
    const facts = readCacheRecords(files, record.ID, []);
    assert.ok(Math.abs((facts?.preparedAt ?? 0) - Date.parse(record.CreatedAt)) <= 1, record.ID);
    const [below] = facts?.lineage ?? [];
    assert.is(below?.id ?? '', record.Parent);
    const truth = byId.get(record.Parent);
    if (truth === undefined) continue;
    parents++;
    assert.is(below?.description, truth.Description);
  }
  assert.ok(parents > 10);
});

test('follows the layers down to the image', ({ scene, files }) => {
  put(scene, DATABASE);
  const byId = new Map(TRUTH.map((record) => [record.ID, record]));
  for (const record of TRUTH) {
    const expected: string[] = [];
    for (let id = record.Parent; id !== ''; id = byId.get(id)?.Parent ?? '') expected.push(id);
    const lineage = readCacheRecords(files, record.ID, [])?.lineage ?? [];
    assert.equal(
      lineage.map(({ id }) => id),
      expected,
    );
  }
});

test('knows the ids of cache mounts, as this engine keeps them', ({ scene, files }) => {
  put(scene, DATABASE);
  const mounts = TRUTH.filter(({ Type }) => Type === 'exec.cachemount');
  const others = TRUTH.filter(({ Type }) => Type !== 'exec.cachemount');
  const ids = readCacheRecords(
    files,
    undefined,
    TRUTH.map(({ ID }) => ID),
  )?.caches;
  // Without `id=` it is the target, which is in the description.
  for (const { ID, Description } of mounts) {
    const target = /^cached mount (\S+) from/.exec(Description)?.[1];
    const id = ids?.get(ID)?.id ?? '';
    assert.ok([`/${target}`, '/foo'].includes(id), `${target}: ${id}`);
  }
  assert.ok(mounts.length >= 2);
  assert.ok(others.every(({ ID }) => ids?.get(ID) === undefined));
});

test('a cache that is younger than the layer of the step that uses it was made for it, and empty', ({
  scene,
  files,
}) => {
  put(scene, DATABASE);
  const cache = TRUTH.find(({ Type }) => Type === 'exec.cachemount')!;
  const layers = TRUTH.filter(({ Type }) => Type !== 'exec.cachemount');
  const isNew = (layer: TrueRecord) =>
    readCacheRecords(files, layer.ID, [cache.ID])?.caches.get(cache.ID)?.isNew;
  const made = Date.parse(cache.CreatedAt);
  const older = layers.find(({ CreatedAt }) => Date.parse(CreatedAt) < made - 5)!;
  const younger = layers.find(({ CreatedAt }) => Date.parse(CreatedAt) > made + 5)!;
  assert.is(isNew(older), true);
  assert.is(isNew(younger), false);
});

test('knows nothing of what is not there', ({ scene, files }) => {
  assert.is(readCacheRecords(files, 'x', []), undefined);
  put(scene, new Uint8Array(0));
  assert.is(readCacheRecords(files, 'x', []), undefined);
  put(scene, DATABASE);
  const facts = readCacheRecords(files, 'zzzzzzzzzzzzzzzzzzzzzzzzz', ['a']);
  assert.is(facts?.lineage, undefined);
  assert.is(facts?.caches.size, 0);
});

test('the containerd image store has its database elsewhere', ({ scene, files }) => {
  mkdirSync(scene.data('buildkit/containerd-overlayfs'));
  writeFileSync(scene.data('buildkit/containerd-overlayfs/metadata_v2.db'), DATABASE);
  const child = TRUTH.find(({ Parent }) => Parent !== '')!;
  assert.is(readCacheRecords(files, child.ID, [])?.lineage?.[0]?.id, child.Parent);
});

test('survives a database that is damaged, cut off, or another file', ({ scene, files }) => {
  const damage = fc.array(fc.tuple(fc.nat(DATABASE.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 400,
  });
  const damaged = fc.property(damage, fc.nat(DATABASE.length), fc.boolean(), (bytes, length, cut) => {
    const copy = Buffer.from(DATABASE);
    for (const [at, value] of bytes) copy[at] = value;
    put(scene, cut ? copy.subarray(0, length) : copy);
    for (const { ID } of TRUTH.slice(0, 5)) readCacheRecords(files, ID, [ID]);
  });
  void fc.assert(damaged, { numRuns: 100 });
});

test('a history without this build, and no history at all', async ({ scene, files }) => {
  assert.is((await readBuildDefinitions(files, 'ref')).size, 0);
  writeFileSync(scene.data('buildkit/history.db'), DATABASE);
  assert.is((await readBuildDefinitions(files, 'ref')).size, 0);
});

test.run();
