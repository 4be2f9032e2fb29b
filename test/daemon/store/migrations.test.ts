import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection } from '../../../daemon/store/connection.js';
import { migrate } from '../../../daemon/store/migrate.js';
import { migrations } from '../../../daemon/store/migrations/index.js';
import { restore, schemaOf } from './dump.js';
import { answers } from './sample.js';
import {
  container,
  contradictions,
  failure,
  inDirectory,
  NOON,
  open,
  raw,
  row,
  SECOND,
  tick,
} from './support.js';

const web = container('web');

function fixture(version: number): string {
  return readFileSync(new URL(`./fixtures/schema-${version}.sql`, import.meta.url), 'utf8');
}

async function freshSchema(): Promise<string[]> {
  let schema: string[] = [];
  await inDirectory(async (directory) => {
    await (await open(directory)).close();
    schema = await schemaOf(directory);
  });
  return schema;
}

/** The sample's sums: five ticks, a quarter of web's wan bytes moved to job. */
const EXPECTED = {
  usage: [
    ['web', { image: 'web:latest' }, 'wan', 'wlp2s0', 3_750],
    ['job', { image: 'job:latest' }, 'proxy', undefined, 350],
    ['job', { image: 'job:latest' }, 'wan', 'wlp2s0', 1_250],
  ],
  links: [['wlp2s0', 5_500, 10]],
  remotes: [
    ['198.51.100.7', 2_250],
    ['', 1_500],
  ],
  positions: [{ key: 'aa', bytes: 5_000, packets: 5 }],
  lastTickAt: NOON,
  builds: ['build1'],
  meta: 'value',
};

test('every schema there ever was becomes the newest, with all that was in it', async () => {
  const schema = await freshSchema();
  for (const { version } of migrations) {
    await inDirectory(async (directory) => {
      await restore(directory, fixture(version));
      const store = await open(directory);
      assert.is(store.opened.migratedFrom, version === migrations.length ? undefined : version);
      assert.is(store.opened.created, false);
      assert.equal(await answers(store), EXPECTED, `from schema ${version}`);
      await store.commit(tick(NOON + SECOND, { rows: [row(web, NOON + SECOND, 1)] }));
      assert.equal(await contradictions(directory), []);
      await store.close();
      assert.equal(await schemaOf(directory), schema, `from schema ${version}`);
      const [{ user_version: number } = { user_version: 0 }] = await raw<{ user_version: number }>(
        directory,
        'PRAGMA user_version',
      );
      assert.is(number, migrations.length);
    });
  }
});

async function withConnection(
  directory: string,
  run: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await Connection.open(join(directory, 'netmeter.db'), { readOnly: false });
  try {
    await run(connection);
  } finally {
    await connection.close();
  }
}

test('steps are taken in order, from where the database is', async () => {
  const next = { version: migrations.length + 1, sql: 'ALTER TABLE owners ADD COLUMN seen INTEGER' };
  const last = {
    version: next.version + 1,
    sql: 'CREATE TABLE more (x TEXT) STRICT; UPDATE owners SET seen = 7',
  };
  await inDirectory(async (directory) => {
    await restore(directory, fixture(migrations.length));
    await withConnection(directory, async (connection) => {
      assert.is(await migrate(connection, [...migrations, next]), migrations.length);
      assert.is(await migrate(connection, [...migrations, next, last]), next.version);
      assert.is(await migrate(connection, [...migrations, next, last]), last.version);
      const owners = await connection.all<{ name: string; seen: number }>('SELECT name, seen FROM owners');
      assert.equal(owners, [
        { name: 'web', seen: 7 },
        { name: 'job', seen: 7 },
      ]);
    });
    assert.is((await failure(open(directory))).code, 'database-newer');
  });
});

test('a step that fails leaves the schema before it, whole', async () => {
  const good = { version: migrations.length + 1, sql: 'CREATE TABLE good (x TEXT) STRICT' };
  const bad = {
    version: good.version + 1,
    sql: 'DELETE FROM builds; CREATE TABLE half (x); INSERT INTO missing VALUES (1)',
  };
  await inDirectory(async (directory) => {
    await restore(directory, fixture(migrations.length));
    await withConnection(directory, async (connection) => {
      assert.match((await failure(migrate(connection, [...migrations, good, bad]))).message, 'missing');
      assert.equal(await connection.get('PRAGMA user_version'), { user_version: good.version });
      assert.equal(await connection.all("SELECT name FROM sqlite_schema WHERE name IN ('good', 'half')"), [
        { name: 'good' },
      ]);
      assert.equal(await connection.all('SELECT ref FROM builds'), [{ ref: 'build1' }]);
    });
  });
});

test('numbers without gaps', async () => {
  migrations.forEach(({ version }, place) => {
    assert.is(version, place + 1);
  });
  await inDirectory(async (directory) => {
    await restore(directory, fixture(migrations.length));
    await withConnection(directory, async (connection) => {
      const skipped = { version: migrations.length + 2, sql: '' };
      assert.is((await failure(migrate(connection, [...migrations, skipped]))).code, 'internal');
    });
  });
});

test.run();
