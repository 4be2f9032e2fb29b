import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  buildxDirsOfUsers,
  createLocalStateReader,
} from '../../../../daemon/observe/buildkit/local-state.js';

const test = suite<{ dir: string; read: ReturnType<typeof createLocalStateReader> }>('local state of buildx');
const REF = 'kzkv67p40q0gvlxpuaw48jhpf';

test.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'netmeter-buildx-'));
  context.read = createLocalStateReader(async () => ['/nonexistent', context.dir]);
  mkdirSync(join(context.dir, 'refs/default/default'), { recursive: true });
  mkdirSync(join(context.dir, 'refs/mine/mine0'), { recursive: true });
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }));

const state = (dir: string, text: string) => writeFileSync(join(dir, 'refs/mine/mine0', REF), text);

test('reads where the context lies, of whichever builder', async ({ dir, read }) => {
  // As buildx 0.29.1 writes it.
  state(dir, '{"Target":"web","LocalPath":"/tmp/shop","DockerfilePath":"/tmp/shop/D","GroupRef":"d1s"}');
  assert.equal(await read(REF), { localPath: '/tmp/shop', dockerfilePath: '/tmp/shop/D' });
  state(dir, '{"Target":"default","LocalPath":"/tmp/shop","DockerfilePath":""}');
  assert.equal(await read(REF), { localPath: '/tmp/shop', dockerfilePath: undefined });
});

test('what is not there or says nothing is undefined', async ({ dir, read }) => {
  assert.is(await read(REF), undefined);
  for (const text of ['', '{', 'null', '[]', '{"LocalPath":7}', '{"LocalPath":"-"}', '{"LocalPath":""}']) {
    state(dir, text);
    assert.is(await read(REF), undefined, text);
  }
});

test('a ref that is a path is not followed', async ({ dir, read }) => {
  state(dir, '{"LocalPath":"/x"}');
  assert.is(await read(`../mine0/${REF}`), undefined);
  assert.is(await read(''), undefined);
});

test('neither links nor pipes of a user are opened', async ({ dir, read }) => {
  const target = join(dir, 'secret');
  writeFileSync(target, '{"LocalPath":"/secret"}');
  symlinkSync(target, join(dir, 'refs/mine/mine0', REF));
  execFileSync('mkfifo', [join(dir, 'refs/default/default', REF)]);
  assert.is(await read(REF), undefined);
});

test('a huge file is not read whole', async ({ dir, read }) => {
  state(dir, `{"LocalPath":"${'x'.repeat(1 << 20)}"}`);
  assert.is(await read(REF), undefined);
});

test('the directories of everybody with a home', async ({ dir }) => {
  const passwd = join(dir, 'passwd');
  writeFileSync(
    passwd,
    'root:x:0:0:root:/root:/bin/bash\nme:x:1:1::/home/me:/bin/sh\ntwin:x:1:1::/home/me:\nbad\n',
  );
  assert.equal(await buildxDirsOfUsers(passwd), ['/root/.docker/buildx', '/home/me/.docker/buildx']);
});

test.run();
