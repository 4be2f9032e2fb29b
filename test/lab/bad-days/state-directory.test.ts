// The state directory cannot be written or is full, its database locked, damaged, or of a later version.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { BuildsDocument } from '../../../src/protocol/documents.js';
import { finishedBuild, received, stepNamed } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  build,
  bytesPath,
  type Cleanup,
  docker,
  lab,
  labSuite,
  Netmeter,
  originPath,
  run,
  startNetmeter,
} from '../harness/index.js';
import { onDatabase } from './database.js';
import { assertRefused, Downloader, sourceNamed, sourceTurns, started, startUnder, status } from './scene.js';

const test = labSuite('bad days: the state directory');

/** Mounts a file system of memory over a netmeter's state directory. */
async function mountMemory(netmeter: Netmeter, cleanup: Cleanup, options: string): Promise<void> {
  const { stateDir } = netmeter;
  await run('mount', ['-t', 'tmpfs', '-o', options, 'netmeter-test', stateDir]);
  cleanup.defer(async () => {
    await netmeter.run(['stop'], { anyExit: true });
    await run('umount', ['-l', stateDir]);
  });
}

/** Takes all room that is left. */
function fill(dir: string): () => void {
  const file = join(dir, 'ballast');
  const fd = openSync(file, 'w');
  try {
    for (const size of [65_536, 512]) for (;;) if (!writes(fd, Buffer.alloc(size))) break;
  } finally {
    closeSync(fd);
  }
  return () => rmSync(file, { force: true });
}

function writes(fd: number, bytes: Buffer): boolean {
  try {
    return writeSync(fd, bytes) === bytes.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

test('read-only, it is refused', 60_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  await mountMemory(netmeter, cleanup, 'ro');
  assertRefused(await startUnder(netmeter), {
    code: 'state-dir-unusable',
    exit: 1,
    message: new RegExp(`${netmeter.stateDir} is on a read-only file system`),
    hint: /--state-dir/,
  });
});

test('full, it is refused before anything is counted', 60_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  await mountMemory(netmeter, cleanup, 'size=64k');
  assertRefused(await startUnder(netmeter), {
    code: 'state-dir-full',
    exit: 1,
    message: new RegExp(`${netmeter.stateDir} has no room left`),
    hint: new RegExp(`df ${netmeter.stateDir}.*--state-dir`),
  });
  assert.not(existsSync('/sys/fs/bpf/netmeter'));
});

test('where a file is in its place, it is refused', 60_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  const file = join(netmeter.stateDir, 'file');
  writeFileSync(file, 'mine');
  assertRefused(await netmeter.run(['start', '--json', '--state-dir', file], { anyExit: true }), {
    code: 'state-dir-unusable',
    exit: 1,
    message: new RegExp(`${file} is no directory`),
    hint: /--state-dir/,
  });
});

test('full while it runs: nothing is stored for a while, and nothing lost', 120_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  await mountMemory(netmeter, cleanup, 'size=6m');
  await started(startUnder(netmeter));
  const host = new Downloader(cleanup);
  await host.download();
  await host.assertCounted(netmeter);
  const makeRoom = fill(netmeter.stateDir);
  await host.download(3_000_000);
  const store = await sourceTurns(netmeter, 'store', false);
  assert.is(store.code, 'state-dir-full');
  assert.match(store.because!, `the file system of ${netmeter.stateDir} is full`);
  assert.match(store.hint!, `df -h ${netmeter.stateDir}`);
  const [tag, path] = [`full-${process.pid}`, bytesPath(2_000_000, 'full')];
  cleanup.defer(() => docker('28', ['rmi', '-f', tag], { anyExit: true }));
  await build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    dockerfile: `FROM nm-busybox\nRUN wget -q -O /dev/null ${lab().origin}${path}\n`,
  });
  // Asked while nothing can be stored, it answers with what it has.
  assert.is(sourceNamed((await status(netmeter)).sources, 'store').ok, false);
  await netmeter.json<BuildsDocument>(['builds']);

  makeRoom();
  await sourceTurns(netmeter, 'store', true);
  await host.assertCounted(netmeter);
  const shown = await finishedBuild(netmeter, tag);
  assertWithin(received(stepNamed(shown, path)), receivedOverTcp(await originPath(path)), 1e-2, 'the step');
  const log = readFileSync(join(netmeter.stateDir, 'netmeter.log'), 'utf8');
  assert.is(log.match(/ERROR store failed/g)?.length, 1, log);
  assert.is(log.match(/INFO {2}store works again/g)?.length, 1, log);
});

test(
  'full when it stops: the kernel goes on counting, and the next start stores it',
  120_000,
  async (cleanup) => {
    const netmeter = new Netmeter(cleanup);
    await mountMemory(netmeter, cleanup, 'size=6m');
    await started(startUnder(netmeter));
    const { startedAt } = await status(netmeter);
    const host = new Downloader(cleanup);
    const makeRoom = fill(netmeter.stateDir);
    await host.download();
    const { exitCode, stdout, stderr } = await netmeter.run(['stop', '--json'], { anyExit: true });
    assert.is(exitCode, 1, stdout + stderr);
    const { problems } = JSON.parse(stdout) as { problems: { part: string; message: string }[] };
    const problem = problems.find(({ part }) => part === 'meter');
    assert.match(problem?.message ?? stdout, /the kernel goes on counting for the next start.*is full/);
    await host.download();
    makeRoom();
    await netmeter.start();
    await host.download();
    await host.assertCounted(netmeter, startedAt!);
  },
);

test('locked by another process when it starts', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  await netmeter.stop();
  const path = join(netmeter.stateDir, 'netmeter.db');
  const unlock = await onDatabase(path, 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  cleanup.defer(unlock);
  const refusal = {
    code: 'database-locked',
    exit: 1,
    message: new RegExp(`${path} is locked by another process`),
    hint: new RegExp(`fuser -v ${path}`),
  };
  assertRefused(await startUnder(netmeter), refusal);
  assertRefused(await netmeter.run(['builds', '--json'], { anyExit: true }), refusal);
  await unlock();
  assert.is((await started(startUnder(netmeter))).started, true);
});

test('locked by another process for a while: nothing is lost', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  const host = new Downloader(cleanup);
  const path = join(netmeter.stateDir, 'netmeter.db');
  const unlock = await onDatabase(path, 'BEGIN IMMEDIATE');
  cleanup.defer(unlock);
  await host.download();
  const store = await sourceTurns(netmeter, 'store', false);
  assert.is(store.code, 'database-locked');
  assert.match(store.because!, path);
  assert.match(store.hint!, 'fuser -v');
  await unlock();
  await sourceTurns(netmeter, 'store', true);
  await host.assertCounted(netmeter);
});

test('a damaged database is kept, and a new one begun with a warning', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  await netmeter.stop();
  const path = join(netmeter.stateDir, 'netmeter.db');
  const damaged = Buffer.concat([Buffer.alloc(8192, 'damage'), readFileSync(path).subarray(8192)]);
  writeFileSync(path, damaged);
  const start = await started(startUnder(netmeter));
  const kept = readdirSync(netmeter.stateDir).find((name) => name.startsWith('netmeter-damaged-'));
  assert.ok(kept !== undefined, 'nothing was kept');
  assert.equal(readFileSync(join(netmeter.stateDir, kept)), damaged);
  for (const { warnings } of [start, await status(netmeter)]) {
    assert.is(warnings[0]?.code, 'database-set-aside');
    assert.match(warnings[0]!.message, /was damaged .* is kept as .*; a new one was begun/);
    assert.match(warnings[0]!.message, join(netmeter.stateDir, kept));
  }
  const host = new Downloader(cleanup);
  await host.download();
  await host.assertCounted(netmeter);
});

test('a damaged database of a stopped daemon is not read', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  await netmeter.stop();
  const path = join(netmeter.stateDir, 'netmeter.db');
  writeFileSync(path, Buffer.alloc(20_000, 'damage'));
  assertRefused(await netmeter.run(['report', '--json'], { anyExit: true }), {
    code: 'database-damaged',
    exit: 5,
    message: new RegExp(`${path} is damaged`),
    hint: /restart netmeter|netmeter start/,
  });
});

test('a database of a later version is refused, and left as it is', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  await netmeter.stop();
  const path = join(netmeter.stateDir, 'netmeter.db');
  await (await onDatabase(path, 'PRAGMA user_version = 99'))();
  const before = digest(path);
  const refusal = {
    code: 'database-newer',
    exit: 5,
    message: new RegExp(`${path} has schema 99; this netmeter knows schemas up to \\d+`),
    hint: /install the netmeter that wrote it/,
  };
  assertRefused(await startUnder(netmeter), refusal);
  assertRefused(await netmeter.run(['builds', '--json'], { anyExit: true }), refusal);
  assert.is(digest(path), before);
});

test("another application's database is not touched", 60_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  const path = join(netmeter.stateDir, 'netmeter.db');
  await (await onDatabase(path, 'CREATE TABLE diary (line TEXT)'))();
  const before = digest(path);
  assertRefused(await startUnder(netmeter), {
    code: 'state-dir-unusable',
    exit: 1,
    message: new RegExp(`${path} is the database of another application`),
    hint: /--state-dir/,
  });
  assert.is(digest(path), before);
});

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

test.run();
