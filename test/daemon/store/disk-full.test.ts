import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TickBatch } from '../../../daemon/store/types.js';
import { container, contradictions, failure, inDirectory, NOON, open, row, SECOND, tick } from './support.js';

const web = container('web');
const ALWAYS = { from: 0, to: NOON * 2 };

/** A state directory on a file system of its own, of some size. */
async function onSmallDisk(kibibytes: number, run: (directory: string) => Promise<void>): Promise<void> {
  await inDirectory(async (parent) => {
    const mount = join(parent, 'state');
    mkdirSync(mount);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', mount]);
    try {
      await run(mount);
    } finally {
      execFileSync('umount', [mount]);
    }
  });
}

function fill(directory: string): string {
  const path = join(directory, 'ballast');
  const { bavail, bsize } = statfsSync(directory);
  writeFileSync(path, Buffer.alloc(bavail * bsize));
  return path;
}

function bigTick(second: number): TickBatch {
  const end = NOON + second * SECOND;
  const rows = Array.from({ length: 500 }, (_, port) => {
    return row(web, end, 1, { remote: { address: '198.51.100.6', port, protocol: 'tcp' } });
  });
  const positions = [{ key: 'aa', bytes: 500 * (second + 1), packets: 1 }];
  return tick(end, { owners: [web], rows, positions });
}

test('on a full disk ticks are refused whole; with space again nothing is lost and nothing twice', async () => {
  await onSmallDisk(4_096, async (directory) => {
    const store = await open(directory);
    let second = 0;
    for (; second < 3; second++) await store.commit(bigTick(second));
    const ballast = fill(directory);
    let refused = bigTick(second);
    // What is left of the log may still take a tick or two.
    for (;;) {
      try {
        await store.commit(refused);
        refused = bigTick(++second);
      } catch (error) {
        assert.is((error as { code: string }).code, 'state-dir-full');
        break;
      }
    }
    assert.is((await store.usage(ALWAYS))[0]?.rxBytes, 500 * second);
    assert.equal(await store.positions('boot'), [{ key: 'aa', bytes: 500 * second, packets: 1 }]);
    assert.is((await failure(store.commit(refused))).code, 'state-dir-full');
    rmSync(ballast);
    await store.commit(refused);
    await store.commit(bigTick(second + 1));
    assert.is((await store.usage(ALWAYS))[0]?.rxBytes, 500 * (second + 2));
    assert.equal(await store.positions('boot'), [{ key: 'aa', bytes: 500 * (second + 2), packets: 1 }]);
    assert.equal(await contradictions(directory), []);
    await store.close();
  });
});

test('closing on a full disk closes, and the next opening finds everything', async () => {
  await onSmallDisk(2_048, async (directory) => {
    const store = await open(directory);
    await store.commit(bigTick(0));
    const ballast = fill(directory);
    await store.commit(tick(NOON + 5 * SECOND)).catch(() => undefined);
    await store.close();
    rmSync(ballast);
    const again = await open(directory);
    assert.is(again.opened.setAside, undefined);
    assert.is((await again.usage(ALWAYS))[0]?.rxBytes, 500);
    await again.close();
  });
});

test('a store cannot be begun on a full disk, and leaves no half of one', async () => {
  await onSmallDisk(1_024, async (directory) => {
    const ballast = fill(directory);
    const error = await failure(open(directory));
    assert.is(error.code, 'state-dir-full');
    assert.match(error.hint ?? '', 'df');
    assert.equal(
      readdirSync(directory).filter((name) => name === 'netmeter.db'),
      [],
    );
    rmSync(ballast);
    const store = await open(directory);
    assert.is(store.opened.created, true);
    await store.close();
  });
});

test.run();
