import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BaseImages } from '../../../../daemon/engine-files/base-images.js';
import { EngineFiles } from '../../../../daemon/engine-files/engine-files.js';
import { ExecutionReader } from '../../../../daemon/observe/executor/execution-reader.js';
import { EngineScene, idOf, PID, ROOT_DIR, specOf } from '../../engine-files/engine-scene.js';

const test = suite<{ scene: EngineScene; files: EngineFiles }>('execution reader');

test.before.each((context) => {
  context.scene = new EngineScene();
  context.files = new EngineFiles({ engine: 'scene', pid: PID, rootDir: ROOT_DIR }, context.scene.procRoot);
});
test.after.each(({ scene }) => scene.end());

const ID = idOf(7);
const ROOTFS = `${ROOT_DIR}/buildkit/executor/${ID}/rootfs`;
const OVERLAY2 = `${ROOT_DIR}/overlay2`;
const LINK_1 = 'HXIPNSF24OPUEAYTXYLQT2OXZB';
const LINK_2 = 'CCIWJFITNUQBFXPSK35Y7SNMOR';

/** A line as Engine 28 on kernel 6.18 has it. */
function overlay(mountPoint: string, options: string, root = '/'): string {
  return `97 91 0:41 ${root} ${mountPoint} rw,relatime shared:4 - overlay overlay rw,${options},uuid=on`;
}

function read(files: EngineFiles, more: object = {}, seenAt = Date.now()) {
  return new ExecutionReader(files).read(ID, JSON.stringify(specOf(ID, 'make', more)), seenAt);
}

function bind(destination: string, source: string, ...options: string[]) {
  return { destination, type: 'bind', source, options: ['rbind', ...options] };
}

test('layers of the root file system, by their short links', ({ scene, files }) => {
  mkdirSync(scene.data('overlay2/l'), { recursive: true });
  symlinkSync('../below1/diff', scene.data(`overlay2/l/${LINK_1}`));
  symlinkSync('../below2/diff', scene.data(`overlay2/l/${LINK_2}`));
  const upper = `upperdir=${OVERLAY2}/top/diff,workdir=${OVERLAY2}/top/work`;
  for (const lower of [
    `lowerdir=${OVERLAY2}/l/${LINK_1}:${OVERLAY2}/l/${LINK_2}`,
    `lowerdir=l/${LINK_1}:l/${LINK_2}`,
    `lowerdir+=${OVERLAY2}/l/${LINK_1},lowerdir+=${OVERLAY2}/l/${LINK_2}`,
    `lowerdir=${OVERLAY2}/below1/diff:${OVERLAY2}/below2/diff`,
  ]) {
    for (const top of [upper, 'upperdir=top/diff,workdir=top/work']) {
      scene.mountInfo([overlay('/other', `lowerdir=x,upperdir=y`), overlay(ROOTFS, `${lower},${top}`)]);
      const execution = read(files);
      assert.is(execution?.upperId, 'top');
      assert.equal(execution?.lowerIds, ['below1', 'below2']);
    }
  }
});

test('a first layer is bound, containerd numbers its snapshots, and nothing may be known', ({
  scene,
  files,
}) => {
  scene.mountInfo([`1 2 254:0 ${OVERLAY2}/first/diff ${ROOTFS} rw - ext4 /dev/vda rw`]);
  assert.is(read(files)?.upperId, 'first');
  const snapshots = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
  scene.mountInfo([
    overlay(ROOTFS, `lowerdir=${snapshots}/9/fs:${snapshots}/2/fs,upperdir=${snapshots}/12/fs,workdir=x`),
  ]);
  assert.is(read(files)?.upperId, '12');
  assert.equal(read(files)?.lowerIds, ['9', '2']);
  scene.mountInfo([]);
  assert.is(read(files)?.upperId, undefined);
  assert.equal(read(files)?.lowerIds, []);
});

test('a path with a blank in it', ({ scene }) => {
  const files = new EngineFiles({ engine: 'scene', pid: PID, rootDir: '/my data' }, scene.procRoot);
  const rootfs = `/my data/buildkit/executor/${ID}/rootfs`;
  scene.mountInfo([
    overlay(
      rootfs.replace(' ', '\\040'),
      'lowerdir=/my\\040data/overlay2/b/diff,upperdir=/my\\040data/overlay2/a/diff',
    ),
  ]);
  const execution = read(files, { root: { path: rootfs } });
  assert.is(execution?.upperId, 'a');
  assert.equal(execution?.lowerIds, ['b']);
});

test('mounts: caches, parts of snapshots, files of the executor', ({ scene, files }) => {
  const mounted = `${ROOT_DIR}/tmp/buildkit-mount1`;
  const context = `${ROOT_DIR}/tmp/buildkit-mount2/file`;
  scene.mountInfo([
    overlay(mounted, `lowerdir=${OVERLAY2}/stage/diff,upperdir=${OVERLAY2}/cache2/diff`, '/cache'),
    `1 2 254:0 ${OVERLAY2}/ctx/diff/a.url ${context} ro - ext4 /dev/vda rw`,
  ]);
  const execution = read(files, {
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      bind('/etc/hosts', `${ROOT_DIR}/buildkit/executor/hosts.${ID}`, 'ro'),
      bind('/c', `${OVERLAY2}/cache1/diff`),
      bind('/d', mounted),
      bind('/url', context, 'ro'),
      bind('/in', `${OVERLAY2}/stage/merged/sub/dir`, 'ro'),
    ],
  });
  const known = execution?.mounts.map(({ target, snapshotId, path, readOnly }) => [
    target,
    snapshotId,
    path,
    readOnly,
  ]);
  assert.equal(known, [
    ['/proc', undefined, undefined, false],
    ['/etc/hosts', undefined, undefined, true],
    ['/c', 'cache1', '/', false],
    ['/d', 'cache2', '/cache', false],
    ['/url', 'ctx', '/a.url', true],
    ['/in', 'stage', '/sub/dir', true],
  ]);
});

test('whether a cache was empty at the start, though the step writes already', async ({ scene, files }) => {
  const mounts = ['empty', 'warm', 'filling', 'absent'].map((id) => bind(`/${id}`, `${OVERLAY2}/${id}/diff`));
  for (const id of ['empty', 'warm', 'filling'])
    mkdirSync(scene.data(`overlay2/${id}/diff`), { recursive: true });
  writeFileSync(scene.data('overlay2/warm/diff/old'), '');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const startedAt = Date.now() - 20;
  writeFileSync(scene.data('overlay2/warm/diff/new'), '');
  writeFileSync(scene.data('overlay2/filling/diff/new'), '');
  const execution = read(files, { mounts }, startedAt);
  assert.equal(
    execution?.mounts.map(({ target, emptyAtStart }) => [target, emptyAtStart]),
    [
      ['/empty', true],
      ['/warm', false],
      ['/filling', true],
      ['/absent', undefined],
    ],
  );
  // With more young entries than are looked at, an old one may be among the rest.
  for (let i = 0; i < 100; i++) writeFileSync(scene.data(`overlay2/filling/diff/${i}`), '');
  assert.is(read(files, { mounts }, startedAt)?.mounts[2]?.emptyAtStart, undefined);
});

test('control groups of both drivers', ({ files }) => {
  const pathOf = (cgroupsPath: string | undefined) => read(files, { linux: { cgroupsPath } })?.cgroupPath;
  assert.is(pathOf(`/docker/buildkit/${ID}`), `/docker/buildkit/${ID}`);
  assert.is(pathOf(`system.slice:docker:${ID}`), `/system.slice/docker-${ID}.scope`);
  assert.is(pathOf(`a-b.slice::${ID}`), `/a.slice/a-b.slice/${ID}.scope`);
  assert.is(pathOf(undefined), `/${ID}`);
});

test('what is not a configuration', ({ files }) => {
  const reader = new ExecutionReader(files);
  for (const text of ['', '{', 'null', '[]', '{"process":7}', '{"process":{"args":"x"}}']) {
    assert.is(reader.read(ID, text, 0), undefined, text);
  }
  const odd = reader.read(
    ID,
    '{"process":{"args":["a",7],"env":{}},"mounts":[null,{"type":3}],"root":null}',
    5,
  );
  assert.equal(odd?.args, ['a']);
  assert.equal(odd?.env, []);
  assert.is(odd?.mounts.length, 2);
});

test('names of local images, by their layers', ({ scene, files }) => {
  const layers = ['sha256:aa', 'sha256:bb'];
  const chain = createHash('sha256').update(layers.join(' ')).digest('hex');
  const image = 'f'.repeat(64);
  mkdirSync(scene.data('image/overlay2/imagedb/content/sha256'), { recursive: true });
  const config = { rootfs: { type: 'layers', diff_ids: layers } };
  writeFileSync(scene.data(`image/overlay2/imagedb/content/sha256/${image}`), JSON.stringify(config));
  const names = (tags: string[]) => ({
    Repositories: { python: Object.fromEntries(tags.map((tag) => [`python:${tag}`, `sha256:${image}`])) },
  });
  const images = new BaseImages(files);
  assert.equal(images.named(`sha256:${chain}`), []);
  writeFileSync(scene.data('image/overlay2/repositories.json'), JSON.stringify(names(['3'])));
  assert.equal(images.named(`sha256:${chain}`), ['python:3']);
  assert.equal(images.named('sha256:aa'), []);
});

test.run();
