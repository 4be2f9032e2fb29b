import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { container, failure, inDirectory, linkRow, NOON, open, raw, row, SECOND, tick } from './support.js';

const web = container('web');
const ALWAYS = { from: 0, to: NOON * 2 };
const PAGE = 4096;

/** Begins a store with some pages of rows. @returns the path of its file */
async function filled(directory: string): Promise<string> {
  const store = await open(directory);
  const remotes = Array.from({ length: 400 }, (_, port) => ({
    address: '198.51.100.5',
    port,
    protocol: 'tcp' as const,
  }));
  for (let second = 0; second < 5; second++) {
    const end = NOON + second * SECOND;
    const rows = remotes.map((remote) => row(web, end, 1, { remote }));
    await store.commit(tick(end, { owners: [web], rows, links: [linkRow('eth0', end, 400)] }));
  }
  await store.close();
  return join(directory, 'netmeter.db');
}

/** As if the last daemon had been killed. */
async function markUnclean(directory: string): Promise<void> {
  await raw(directory, 'UPDATE state SET open = 1');
}

/** Opens a store whose file was damaged: that file is kept under another name, and a new one works. */
async function expectSetAside(directory: string, damaged: Buffer, because: RegExp): Promise<void> {
  const store = await open(directory);
  try {
    const { created, setAside } = store.opened;
    assert.is(created, true);
    assert.is(setAside?.path, join(directory, 'netmeter-damaged-20260309T120000Z.db'));
    assert.match(setAside!.because, because);
    assert.equal(readFileSync(setAside!.path), damaged);
    assert.equal(await store.usage(ALWAYS), []);
    await store.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 5)] }));
    assert.is((await store.usage(ALWAYS))[0]?.rxBytes, 5);
  } finally {
    await store.close();
  }
}

test('zeroed pages are found after an unclean end', async () => {
  await inDirectory(async (directory) => {
    const path = await filled(directory);
    await markUnclean(directory);
    const bytes = readFileSync(path);
    const [{ page } = { page: 0 }] = await raw<{ page: number }>(
      directory,
      "SELECT rootpage AS page FROM sqlite_schema WHERE name = 'traffic_seconds'",
    );
    bytes.fill(0, (page - 1) * PAGE, page * PAGE);
    writeFileSync(path, bytes);
    await expectSetAside(directory, bytes, /malformed|traffic_seconds|[Pp]age/);
  });
});

test('a truncated file is found, whether the end was clean or not', async () => {
  for (const unclean of [true, false]) {
    await inDirectory(async (directory) => {
      const path = await filled(directory);
      if (unclean) await markUnclean(directory);
      truncateSync(path, 3 * PAGE + 100);
      await expectSetAside(directory, readFileSync(path), /malformed|[Pp]age/);
    });
  }
});

test('garbage and other files are set aside', async () => {
  for (const content of [Buffer.from('not a database\n'), Buffer.alloc(20_000, 7), Buffer.alloc(PAGE)]) {
    await inDirectory(async (directory) => {
      writeFileSync(join(directory, 'netmeter.db'), content);
      await expectSetAside(directory, content, /not a database|is damaged/);
    });
  }
});

test('an empty file is begun, and nothing is set aside for it', async () => {
  await inDirectory(async (directory) => {
    writeFileSync(join(directory, 'netmeter.db'), '');
    const store = await open(directory);
    assert.equal(store.opened, {
      created: true,
      migratedFrom: undefined,
      unclean: false,
      setAside: undefined,
    });
    await store.commit(tick(NOON));
    await store.close();
  });
});

test('a log without its database is set aside, not deleted', async () => {
  await inDirectory(async (directory) => {
    writeFileSync(join(directory, 'netmeter.db-wal'), 'all that is left');
    const store = await open(directory);
    const { setAside } = store.opened;
    assert.is(readFileSync(`${setAside?.path}-wal`, 'utf8'), 'all that is left');
    await store.close();
  });
});

test('the log of a damaged database goes with it', async () => {
  await inDirectory(async (directory) => {
    const path = await filled(directory);
    writeFileSync(path, 'garbage');
    for (const companion of ['-wal', '-shm']) writeFileSync(path + companion, companion);
    const store = await open(directory);
    const aside = store.opened.setAside!.path;
    assert.is(readFileSync(aside, 'utf8'), 'garbage');
    assert.is(readFileSync(`${aside}-wal`, 'utf8'), '-wal');
    assert.ok(existsSync(`${aside}-shm`));
    await store.close();
  });
});

test('what was set aside is never overwritten', async () => {
  await inDirectory(async (directory) => {
    for (const content of ['first', 'second', 'third']) {
      writeFileSync(join(directory, 'netmeter.db'), content);
      const store = await open(directory);
      assert.is(readFileSync(store.opened.setAside!.path, 'utf8'), content);
      await store.close();
    }
    assert.is(readdirSync(directory).filter((name) => name.startsWith('netmeter-damaged')).length, 3);
  });
});

test('damage found while it runs is reported, and the next opening checks', async () => {
  await inDirectory(async (directory) => {
    const path = await filled(directory);
    const pages = await raw<{ page: number }>(
      directory,
      "SELECT rootpage AS page FROM sqlite_schema WHERE name IN ('traffic_hours', 'traffic_seconds')",
    );
    const bytes = readFileSync(path);
    for (const { page } of pages) bytes.fill(0, (page - 1) * PAGE, page * PAGE);
    writeFileSync(path, bytes);
    const store = await open(directory);
    assert.is(store.opened.setAside, undefined);
    const error = await failure(store.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 1)] })));
    assert.is(error.code, 'database-damaged');
    assert.match(error.hint ?? '', 'restart');
    await store.close();
    const again = await open(directory);
    assert.match(again.opened.setAside!.because, /malformed|traffic|[Pp]age/);
    await again.close();
  });
});

test("another application's database is refused and untouched, in either journal mode", async () => {
  for (const mode of ['DELETE', 'WAL']) {
    await inDirectory(async (directory) => {
      const path = join(directory, 'netmeter.db');
      await makeForeign(path, mode);
      const content = readFileSync(path);
      const { mtimeNs } = statSync(path, { bigint: true });
      const names = readdirSync(directory).sort();
      for (const readOnly of [false, true]) {
        const error = await failure(open(directory, { readOnly }));
        assert.is(error.code, 'state-dir-unusable');
        assert.match(error.message, 'another application');
      }
      assert.equal(readFileSync(path), content);
      assert.is(statSync(path, { bigint: true }).mtimeNs, mtimeNs);
      assert.equal(
        readdirSync(directory)
          .filter((name) => name !== 'netmeter.db.lock')
          .sort(),
        names,
      );
    });
  }
});

test('a damaged database is left where it is by those who only read', async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, 'netmeter.db');
    writeFileSync(path, 'garbage');
    assert.is((await failure(open(directory, { readOnly: true }))).code, 'database-damaged');
    assert.is(readFileSync(path, 'utf8'), 'garbage');
    assert.not(existsSync(`${path}.lock`));
  });
});

async function makeForeign(path: string, mode: string): Promise<void> {
  const database = new sqlite3.Database(path);
  await new Promise<void>((resolve, reject) => {
    const sql = `PRAGMA journal_mode = ${mode}; CREATE TABLE places (url TEXT); INSERT INTO places VALUES ('x')`;
    database.exec(sql, (error) => (error === null ? resolve() : reject(error)));
  });
  await new Promise<void>((resolve) => {
    database.close(() => resolve());
  });
}

test.run();
