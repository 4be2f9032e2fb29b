import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Build, Step } from '../../../src/builds/types.js';
import { DAY, failure, inDirectory, NOON, open, withStore } from './support.js';

const step: Step = {
  digest: 'sha256:1',
  inputs: [],
  name: '[2/3] RUN echo "\u001b[31m\nü"',
  number: 2,
  stage: undefined,
  instruction: 'RUN echo',
  platform: undefined,
  kind: 'run',
  status: 'done',
  error: undefined,
  intervals: [{ startedAt: NOON, completedAt: NOON + 5 }],
  blobs: [],
  executorIds: ['x1'],
  attribution: 'exact',
  sharedWith: undefined,
  cacheMounts: [],
};

function build(ref: string, startedAt: number, more: Partial<Build> = {}): Build {
  return {
    ref,
    engine: 'docker',
    name: ref,
    project: undefined,
    context: undefined,
    dockerfile: 'Dockerfile',
    target: undefined,
    platforms: ['linux/amd64'],
    status: 'completed',
    error: undefined,
    startedAt,
    completedAt: startedAt + 1,
    steps: [step],
    ...more,
  };
}

/** What JSON keeps of it: what is undefined is absent. */
function stored(value: Build): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('a build comes back as it was last saved', async () => {
  await inDirectory(async (directory) => {
    const first = build('abc', NOON, { status: 'running', completedAt: undefined, steps: [] });
    const last = build('abc', NOON);
    let store = await open(directory);
    await store.saveBuild(first);
    assert.equal(await store.build('abc'), stored(first));
    await store.saveBuild(last);
    await store.close();
    store = await open(directory);
    assert.equal(await store.build('abc'), stored(last));
    assert.equal(await store.builds({}), [stored(last)]);
    await store.close();
  });
});

test('newest first, within a period, no more than asked for', async () => {
  await withStore(async (store) => {
    for (const [ref, startedAt] of [
      ['b', NOON + 10],
      ['a', NOON],
      ['d', NOON + 30],
      ['c', NOON + 20],
    ] as const) {
      await store.saveBuild(build(ref, startedAt));
    }
    const refs = async (query: Parameters<typeof store.builds>[0]) =>
      (await store.builds(query)).map(({ ref }) => ref).join('');
    assert.is(await refs({}), 'dcba');
    assert.is(await refs({ limit: 2 }), 'dc');
    assert.is(await refs({ limit: 0 }), '');
    assert.is(await refs({ since: NOON, until: NOON + 20 }), 'cb');
    assert.is(await refs({ since: NOON, limit: 1 }), 'd');
    assert.is(await refs({ until: NOON - 1 }), '');
  });
});

test('the beginning of a ref is enough when it is the only one', async () => {
  await withStore(async (store) => {
    for (const ref of ['kq3xyz', 'kq3', 'kq4abc', 'kq4abd', 'm%_', 'ü\u{10fffe}']) {
      await store.saveBuild(build(ref, NOON));
    }
    const found = async (prefix: string) => (await store.build(prefix))?.ref;
    assert.is(await found('kq3x'), 'kq3xyz');
    assert.is(await found('kq3'), 'kq3');
    assert.is(await found('m'), 'm%_');
    assert.is(await found('ü'), 'ü\u{10fffe}');
    assert.is(await found('%'), undefined);
    assert.is(await found('kq3xyzz'), undefined);
    assert.is(await found(''), undefined);
    const error = await failure(store.build('kq'));
    assert.is(error.code, 'ambiguous');
    for (const ref of ['kq3', 'kq3xyz', 'kq4abc', 'kq4abd']) assert.match(error.message, ref);
    assert.not.match(error.message, 'm%_');
  });
});

test('of very many candidates some are listed', async () => {
  await withStore(async (store) => {
    for (let number = 10; number < 40; number++) await store.saveBuild(build(`r${number}`, NOON));
    const { message } = await failure(store.build('r'));
    assert.match(message, 'r10, r11, r12, r13, r14, r15, r16, r17, r18, r19 and more');
    assert.not.match(message, 'r20');
  });
});

test('builds are kept for two years', async () => {
  await withStore(async (store) => {
    await store.saveBuild(build('old', NOON));
    await store.saveBuild(build('new', NOON + 1));
    await store.maintain(NOON + 731 * DAY);
    assert.equal(
      (await store.builds({})).map(({ ref }) => ref),
      ['new'],
    );
  });
});

test('of more than ten thousand builds the last ones are kept', async () => {
  await withStore(async (store, directory) => {
    // Filled past the store, whose own way would take a minute.
    const { default: sqlite3 } = await import('sqlite3');
    const database = new sqlite3.Database(`${directory}/netmeter.db`);
    await new Promise<void>((resolve, reject) => {
      database.exec(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10003)
         INSERT INTO builds (ref, started_at, status, document)
         SELECT 'r' || i, ${NOON} + i, 'completed', '{"ref":"r' || i || '"}' FROM n`,
        (error) => (error === null ? resolve() : reject(error)),
      );
    });
    await new Promise<void>((resolve) => {
      database.close(() => resolve());
    });
    await store.maintain(NOON + DAY);
    const refs = (await store.builds({})).map(({ ref }) => ref);
    assert.is(refs.length, 10_000);
    assert.equal([refs[0], refs.at(-1)], ['r10003', 'r4']);
  });
});

test.run();
