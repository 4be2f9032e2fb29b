import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { migrations } from '../../../daemon/store/migrations/index.js';
import { runAndKill } from './crash-run.js';
import { container, failure, inDirectory, NOON, open, raw, row, tick } from './support.js';

/** Somebody who is neither root nor anybody else here. */
const SOMEBODY = 54_321;
const web = container('web');
const ALWAYS = { from: 0, to: NOON * 2 };

/** Begins a store with one row of 5 bytes in it. */
async function begin(directory: string, owner?: { uid: number; gid: number }): Promise<string> {
  const store = await open(directory, owner === undefined ? {} : { owner });
  await store.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 5)] }));
  await store.close();
  return join(directory, 'netmeter.db');
}

async function sumReadOnly(directory: string): Promise<number> {
  const store = await open(directory, { readOnly: true });
  try {
    return (await store.usage(ALWAYS)).reduce((sum, { rxBytes }) => sum + rxBytes, 0);
  } finally {
    await store.close();
  }
}

/** Runs `task` with the rights of `uid`; the effective ids are those of all threads. */
async function as<Result>(uid: number, task: () => Promise<Result>): Promise<Result> {
  process.setegid!(uid);
  process.seteuid!(uid);
  try {
    return await task();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
  }
}

test('the files belong to the owner and are nobody else’s', async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, 'netmeter.db');
    const rights = () =>
      readdirSync(directory)
        .filter((name) => !name.endsWith('.lock'))
        .sort()
        .map((name) => {
          const { mode, uid, gid } = statSync(join(directory, name));
          return `${name} ${(mode & 0o777).toString(8)} ${uid} ${gid}`;
        });
    const owner = { uid: SOMEBODY, gid: SOMEBODY + 1 };
    const store = await open(directory, { owner });
    await store.commit(tick(NOON, { owners: [web] }));
    const theirs = ['netmeter.db', 'netmeter.db-shm', 'netmeter.db-wal'].map(
      (name) => `${name} 600 ${SOMEBODY} ${SOMEBODY + 1}`,
    );
    assert.equal(rights(), theirs);
    await store.close();
    chmodSync(path, 0o644);
    const again = await open(directory, { owner: { uid: 0, gid: 0 } });
    assert.equal(
      rights(),
      ['netmeter.db', 'netmeter.db-shm', 'netmeter.db-wal'].map((name) => `${name} 600 0 0`),
    );
    await again.close();
  });
});

test('its owner reads it although the directory is not theirs, others do not', async () => {
  await inDirectory(async (directory) => {
    chmodSync(directory, 0o711);
    await begin(directory, { uid: SOMEBODY, gid: SOMEBODY });
    assert.is(await as(SOMEBODY, () => sumReadOnly(directory)), 5);
    const error = await failure(as(SOMEBODY + 1, () => sumReadOnly(directory)));
    assert.is(error.code, 'permission-denied');
    assert.equal(readdirSync(directory).sort(), ['netmeter.db', 'netmeter.db.lock']);
  });
});

test('what a killed daemon left in the log is read, by root and by its owner', async () => {
  await inDirectory(async (directory) => {
    chmodSync(directory, 0o711);
    const lines = await runAndKill(directory, join(directory, 'log'), 50, SOMEBODY);
    const figures = lines.map((line) => Number(line.split(' ')[1]));
    assert.ok(statSync(join(directory, 'netmeter.db-wal')).size > 0);
    const before = readFileSync(join(directory, 'netmeter.db'));
    const sum = await as(SOMEBODY, () => sumReadOnly(directory));
    assert.ok(figures.includes(sum) && sum >= Math.max(...committed(lines)));
    assert.is(await sumReadOnly(directory), sum);
    assert.equal(readFileSync(join(directory, 'netmeter.db')), before);
  });
});

function committed(lines: string[]): number[] {
  return lines.filter((line) => line.startsWith('committed')).map((line) => Number(line.split(' ')[1]));
}

test('a reader sees what a running daemon has committed', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    await store.commit(tick(NOON, { owners: [web], rows: [row(web, NOON, 5)] }));
    assert.is(await sumReadOnly(directory), 5);
    await store.commit(tick(NOON + 1, { rows: [row(web, NOON + 1, 6)] }));
    assert.is(await sumReadOnly(directory), 11);
    await store.close();
  });
});

test('a reader changes nothing, and says so', async () => {
  await inDirectory(async (directory) => {
    await begin(directory);
    const store = await open(directory, { readOnly: true });
    assert.is(await store.lastTickAt(), NOON);
    const attempts = [
      () => store.commit(tick(NOON)),
      () => store.move('a', []),
      () => store.setMeta('a', 'b'),
      () => store.saveOwner(web),
      () => store.maintain(NOON),
    ];
    for (const attempt of attempts) assert.match((await failure(attempt())).message, 'for reading only');
    await store.close();
  });
});

test('a reader without a database is told what to do', async () => {
  await inDirectory(async (directory) => {
    for (const place of [directory, join(directory, 'missing')]) {
      const error = await failure(open(place, { readOnly: true }));
      assert.is(error.code, 'not-found');
      assert.match(error.hint ?? '', 'netmeter start');
    }
    assert.equal(readdirSync(directory), []);
  });
});

test('a read-only file system: reading works, writing says why not', async () => {
  await inDirectory(async (directory) => {
    const mount = join(directory, 'state');
    mkdirSync(mount);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', mount]);
    try {
      await begin(mount);
      execFileSync('mount', ['-o', 'remount,ro', mount]);
      assert.is(await sumReadOnly(mount), 5);
      const error = await failure(open(mount));
      assert.is(error.code, 'state-dir-unusable');
      assert.match(error.hint ?? '', /findmnt.*--state-dir/);
      const missing = await failure(open(join(mount, 'deeper')));
      assert.is(missing.code, 'state-dir-unusable');
    } finally {
      execFileSync('umount', [mount]);
    }
  });
});

test('a directory that one may not write', async () => {
  await inDirectory(async (directory) => {
    chmodSync(directory, 0o755);
    const error = await failure(as(SOMEBODY, () => open(directory)));
    assert.is(error.code, 'state-dir-unusable');
    assert.match(error.hint ?? '', /sudo.*--state-dir/);
    await begin(directory);
    assert.is((await failure(as(SOMEBODY, () => open(directory)))).code, 'state-dir-unusable');
  });
});

test('one may write in one’s own directory without being root', async () => {
  await inDirectory(async (directory) => {
    chownSync(directory, SOMEBODY, SOMEBODY);
    await as(SOMEBODY, () => begin(directory));
    assert.is(statSync(join(directory, 'netmeter.db')).uid, SOMEBODY);
  });
});

test('symbolic links: to the directory yes, to the database no', async () => {
  await inDirectory(async (directory) => {
    const target = join(directory, 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, join(directory, 'netmeter.db'));
    const error = await failure(open(directory));
    assert.is(error.code, 'state-dir-unusable');
    assert.is(readFileSync(target, 'utf8'), 'precious');

    mkdirSync(join(directory, 'real'));
    symlinkSync('real', join(directory, 'link'));
    await begin(join(directory, 'link'));
    assert.is(await sumReadOnly(join(directory, 'link')), 5);
    assert.is(await sumReadOnly(join(directory, 'real')), 5);
  });
});

test('places with strange names, and places that are none', async () => {
  await inDirectory(async (directory) => {
    const strange = join(directory, 'a b%20c?mode=ro#d', 'ü');
    await begin(strange);
    assert.is(await sumReadOnly(strange), 5);
    writeFileSync(join(directory, 'file'), '');
    assert.is((await failure(open(join(directory, 'file')))).code, 'state-dir-unusable');
    mkdirSync(join(directory, 'odd', 'netmeter.db'), { recursive: true });
    assert.is((await failure(open(join(directory, 'odd')))).code, 'state-dir-unusable');
  });
});

test('a database of a later netmeter is refused and untouched', async () => {
  await inDirectory(async (directory) => {
    const path = await begin(directory);
    await raw(directory, 'PRAGMA user_version = 99');
    const before = readFileSync(path);
    for (const readOnly of [false, true]) {
      const error = await failure(open(directory, { readOnly }));
      assert.is(error.code, 'database-newer');
      assert.match(error.message, '99');
    }
    assert.equal(readFileSync(path), before);
    await raw(directory, `PRAGMA user_version = ${migrations.length}`);
    assert.is(await sumReadOnly(directory), 5);
  });
});

test('a reader does not migrate', async () => {
  await inDirectory(async (directory) => {
    await begin(directory);
    await raw(directory, 'PRAGMA user_version = 0');
    const error = await failure(open(directory, { readOnly: true }));
    assert.is(error.code, 'database-older');
    assert.match(error.hint ?? '', 'netmeter start');
  });
});

test.run();
