import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MountSizes } from '../../../../daemon/observe/executor/mount-sizes.js';
import type { Execution, ExecutionMount } from '../../../../src/builds/types.js';

const test = suite<{ root: string }>('mount sizes');
test.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'netmeter-sizes-'));
});
test.after.each(({ root }) => rmSync(root, { recursive: true, force: true }));

const CACHE: ExecutionMount = {
  target: '/c',
  source: '/cache',
  type: 'bind',
  readOnly: false,
  snapshotId: 'record',
  emptyAtStart: true,
  cacheId: '/c',
};

async function measured(sizes: MountSizes, mount: Partial<ExecutionMount> = {}): Promise<ExecutionMount> {
  const execution = { id: 'x', mounts: [{ ...CACHE, ...mount }] } as Execution;
  return (await sizes.measure(execution)).mounts[0]!;
}

test('what a cache holds after a step is what it holds before the next', async ({ root }) => {
  const sizes = new MountSizes((path) => join(root, path));
  mkdirSync(join(root, 'cache/deep'), { recursive: true });
  writeFileSync(join(root, 'cache/a'), Buffer.alloc(100_000));
  writeFileSync(join(root, 'cache/deep/b'), Buffer.alloc(5_000));
  // What links point to is no part of it, and may be anything.
  symlinkSync('/', join(root, 'cache/outside'));
  const held = ['a', 'deep/b', 'outside'].reduce((sum, name) => {
    return sum + (name === 'outside' ? 0 : statSync(join(root, 'cache', name)).blocks * 512);
  }, 0);
  const first = await measured(sizes);
  assert.is(first.bytesBefore, 0);
  assert.is(first.bytesAfter, held);
  writeFileSync(join(root, 'cache/c'), Buffer.alloc(50_000));
  const second = await measured(sizes, { emptyAtStart: false });
  assert.is(second.bytesBefore, held);
  assert.ok(second.bytesAfter! > held);
});

test('unknown: before anybody looked, when it is gone, and when it holds too much', async ({ root }) => {
  const sizes = new MountSizes((path) => join(root, path));
  assert.equal(await measured(sizes, { emptyAtStart: false }), {
    ...CACHE,
    emptyAtStart: false,
    bytesBefore: undefined,
    bytesAfter: undefined,
  });
  mkdirSync(join(root, 'cache'));
  writeFileSync(join(root, 'cache/0'), '');
  for (let i = 1; i <= 20_000; i++) linkSync(join(root, 'cache/0'), join(root, `cache/${i}`));
  assert.is((await measured(sizes)).bytesAfter, undefined);
});

test('other mounts are left alone', async ({ root }) => {
  const sizes = new MountSizes((path) => join(root, path));
  const mount = await measured(sizes, { cacheId: undefined });
  assert.is('bytesAfter' in mount, false);
});

test.run();
