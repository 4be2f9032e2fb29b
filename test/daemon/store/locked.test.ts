import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { container, failure, inDirectory, NOON, open, row, tick, withStore } from './support.js';

const web = container('web');
const ALWAYS = { from: 0, to: NOON * 2 };

/** Holds a write transaction on the database from another process until its standard input ends. */
async function holdFromOutside(path: string): Promise<() => Promise<void>> {
  const script = `
    const database = new (require('sqlite3').Database)(process.argv[1]);
    database.exec('BEGIN IMMEDIATE', (error) => {
      if (error !== null) throw error;
      console.log('held');
      process.stdin.on('end', () => database.close()).resume();
    });`;
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await exited;
  };
}

test('a second writer is refused, and may write once the first is done', async () => {
  await inDirectory(async (directory) => {
    const first = await open(directory);
    const error = await failure(open(directory));
    assert.is(error.code, 'database-locked');
    assert.match(error.message, join(directory, 'netmeter.db'));
    await first.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 1)] }));
    await first.close();
    const second = await open(directory);
    assert.is((await second.usage(ALWAYS))[0]?.rxBytes, 1);
    await second.close();
  });
});

test('an opening that fails gives the lock back', async () => {
  await inDirectory(async (directory) => {
    assert.is((await failure(open(directory, { timeZone: 'Nowhere' }))).code, 'usage');
    await (await open(directory)).close();
  });
});

test('a tick that another process keeps out is refused whole, and can be written later', async () => {
  await withStore(async (store, directory) => {
    const batch = tick(NOON, {
      owners: [web],
      rows: [row(web, NOON, 9)],
      positions: [{ key: 'aa', bytes: 9, packets: 1 }],
    });
    const release = await holdFromOutside(join(directory, 'netmeter.db'));
    try {
      const error = await failure(store.commit(batch));
      assert.is(error.code, 'database-locked');
      assert.match(error.hint ?? '', 'fuser');
      assert.equal(await store.usage(ALWAYS), []);
    } finally {
      await release();
    }
    assert.equal(await store.positions('boot'), []);
    await store.commit(batch);
    assert.is((await store.usage(ALWAYS))[0]?.rxBytes, 9);
    assert.equal(await store.positions('boot'), batch.positions);
  });
});

test('what is written after something was kept out is committed, and stays', async () => {
  await withStore(async (store, directory) => {
    const first = tick(NOON, { owners: [web], rows: [row(web, NOON, 9)] });
    const release = await holdFromOutside(join(directory, 'netmeter.db'));
    try {
      assert.is((await failure(store.move('m', []))).code, 'database-locked');
    } finally {
      await release();
    }
    await store.commit(first);
    assert.is((await store.usage(ALWAYS))[0]?.rxBytes, 9);
    await store.move('m', []);
    assert.is((await store.usage(ALWAYS))[0]?.rxBytes, 9);
  });
});

test('a database that another process keeps locked cannot be opened for writing', async () => {
  await inDirectory(async (directory) => {
    await (await open(directory)).close();
    const release = await holdFromOutside(join(directory, 'netmeter.db'));
    try {
      assert.is((await failure(open(directory))).code, 'database-locked');
    } finally {
      await release();
    }
    await (await open(directory)).close();
  });
});

test('a closed store refuses, and closing twice is closing once', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    const pending = store.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 3)] }));
    const asked = store.usage(ALWAYS);
    await Promise.all([store.close(), store.close()]);
    await pending;
    await asked;
    assert.is((await failure(store.commit(tick(NOON)))).code, 'internal');
    assert.is((await failure(store.usage(ALWAYS))).code, 'internal');
    assert.is((await failure(store.meta('new question'))).code, 'internal');
    const again = await open(directory);
    assert.is((await again.usage(ALWAYS))[0]?.rxBytes, 3);
    assert.is(again.opened.unclean, false);
    await again.close();
  });
});

test.run();
