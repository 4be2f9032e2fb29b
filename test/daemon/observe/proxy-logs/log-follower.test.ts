import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LogFollower } from '../../../../daemon/observe/proxy-logs/log-follower.js';
import type { Store } from '../../../../daemon/store/types.js';
import { proxyLogFormat } from '../../../../src/records/proxy/choose-format.js';
import { ProxyLogReader } from '../../../../src/records/proxy/log-reader.js';
import { inDirectory, NOON, open } from '../../store/support.js';

const PATH = 'var/log/apt-cacher-ng/apt-cacher.log';
const BASE = Math.round(NOON / 1_000);
const LESS = 'less 590-2';

/** One request for a package: fetched, or from the cache. */
function hit(second: number, bytes = 1_000): string {
  return `${BASE + second}|O|${bytes}|192.0.2.9|debrep/pool/main/l/less/less_590-2_amd64.deb\n`;
}

function miss(second: number, bytes = 1_000): string {
  return hit(second, bytes).replace('|O|', '|I|') + hit(second, bytes);
}

interface Scene {
  file: string;
  store: Store;
  problems: unknown[];
  look(): Promise<void>;
  /** Requests, hits, served and fetched bytes of the one package; undefined when nothing was told. */
  sums(): Promise<number[] | undefined>;
  /** A daemon that starts anew. */
  restart(): void;
}

async function scene(run: (scene: Scene) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const file = join(directory, 'root', PATH);
    mkdirSync(dirname(file), { recursive: true });
    const store = await open(directory);
    const problems: unknown[] = [];
    const start = () =>
      new LogFollower({
        store: () => store,
        procRoot: '/nowhere',
        hostRoot: join(directory, 'root'),
        container: () => undefined,
        output: () => Promise.reject(new Error('nothing has an output here')),
        log: (_, error) => problems.push(error),
      });
    let follower = start();
    const known = {
      name: 'apt',
      kind: 'apt-cacher-ng',
      origin: 'program',
      place: 'host',
      ownerId: undefined,
      endpoints: [],
      because: undefined,
    } as const;
    await run({
      file,
      store,
      problems,
      look: () => follower.look([known]),
      sums: async () => {
        const [one] = (await store.proxyPackages(0)).filter(({ name }) => name === LESS);
        return one && [one.requests, one.hits, one.servedBytes, one.fetchedBytes ?? -1];
      },
      restart: () => {
        follower = start();
      },
    });
    await store.close();
  });
}

test('what is written is read once, also when half of it comes later', async () => {
  await scene(async ({ file, look, sums }) => {
    await look();
    assert.is(await sums(), undefined, 'there is no log yet');
    writeFileSync(file, miss(0));
    await look();
    await look();
    assert.equal(await sums(), [1, 0, 1_000, 1_000]);
    const [first = '', second = ''] = [hit(1).slice(0, 20), hit(1).slice(20)];
    appendFileSync(file, first);
    await look();
    assert.equal(await sums(), [1, 0, 1_000, 1_000]);
    appendFileSync(file, second + hit(1));
    await look();
    assert.equal(await sums(), [3, 2, 3_000, 1_000], 'equal lines are as many requests');
  });
});

test('a restart goes on where it was: equal lines and half of a request included', async () => {
  await scene(async ({ file, look, sums, restart }) => {
    const [fetched, answered] = miss(5).trimEnd().split('\n');
    writeFileSync(file, `${miss(0)}${hit(4)}${fetched}\n`);
    await look();
    assert.equal(await sums(), [2, 1, 2_000, 1_000]);
    restart();
    await look();
    assert.equal(await sums(), [2, 1, 2_000, 1_000]);
    appendFileSync(file, `${answered}\n${hit(5)}`);
    await look();
    assert.equal(await sums(), [4, 2, 4_000, 2_000]);
    restart();
    appendFileSync(file, hit(5));
    await look();
    assert.equal(await sums(), [5, 3, 5_000, 2_000]);
  });
});

test('rotation loses nothing, a truncated log is a new one', async () => {
  await scene(async ({ file, look, sums, restart }) => {
    writeFileSync(file, miss(0));
    await look();
    appendFileSync(file, hit(1));
    renameSync(file, `${file}.1`);
    writeFileSync(file, hit(2));
    restart();
    await look();
    await look();
    assert.equal(await sums(), [3, 2, 3_000, 1_000]);
    truncateSync(file);
    await look();
    appendFileSync(file, hit(3));
    await look();
    assert.equal(await sums(), [4, 3, 4_000, 1_000]);
    // Longer than before, in the same file: only what stands before the position tells.
    writeFileSync(file, [4, 5, 6, 7].map((second) => hit(second)).join(''));
    await look();
    assert.equal(await sums(), [8, 7, 8_000, 1_000]);
  });
});

test('the same log imported by hand counts once, before or after', async () => {
  await scene(async ({ file, store, look, sums }) => {
    const requestsOf = (text: string) => {
      const reader = new ProxyLogReader(proxyLogFormat(text)!);
      const requests = text.split('\n').flatMap((line) => reader.read(line));
      return { kind: 'apt-cacher-ng' as const, file, requests };
    };
    const text = miss(0) + hit(1) + hit(1);
    assert.is((await store.importPart(requestsOf(text))).requests, 3);
    assert.is(await sums(), undefined, 'which proxy it was is not known');
    writeFileSync(file, text);
    await look();
    assert.equal(await sums(), [3, 2, 3_000, 1_000]);
    appendFileSync(file, hit(1));
    await look();
    assert.is((await store.importPart(requestsOf(readFileSync(file, 'utf8')))).requests, 0);
    assert.equal(await sums(), [4, 3, 4_000, 1_000]);
  });
});

test('a long log is read piece by piece, and one that was never read from near its end', async () => {
  await scene(async ({ file, look, sums }) => {
    const lines = Array.from({ length: 80_000 }, (_, at) => hit(at, 10));
    writeFileSync(file, lines.join(''));
    await look();
    const [some = 0] = (await sums()) ?? [];
    assert.ok(some > 1_000 && some < 5_000, `${some}`);
    for (let turn = 0; turn < 17; turn++) await look();
    const [all = 0] = (await sums()) ?? [];
    const perLine = (lines[0] ?? '').length;
    assert.is(all, Math.floor((4 * 1024 * 1024) / perLine), 'whole lines of its last 4 MiB');
  });
});

test('nonsense, endless lines, links and directories do no harm', async () => {
  await scene(async ({ file, look, sums, problems, restart }) => {
    const good = miss(0) + hit(0).repeat(20);
    writeFileSync(file, `${good}\0\u001b[2J|||\n${'x'.repeat(700_000)}\n${hit(1)}`);
    for (let turn = 0; turn < 5; turn++) await look();
    assert.equal(await sums(), [22, 21, 22_000, 1_000]);
    unlinkSync(file);
    writeFileSync(`${file}.elsewhere`, hit(2));
    symlinkSync(`${file}.elsewhere`, file);
    await look();
    unlinkSync(file);
    mkdirSync(file);
    await look();
    assert.equal(await sums(), [22, 21, 22_000, 1_000]);
    assert.equal(problems, []);
    renameSync(file, `${file}.dir`);
    writeFileSync(file, miss(9) + hit(9).repeat(60) + 'no such line\n'.repeat(400));
    restart();
    await look();
    await look();
    assert.is(problems.length, 1, 'said once');
  });
});

test('the log of an nginx that somebody added, in its own format', async () => {
  await scene(async ({ file, store, look, problems }) => {
    const line = '"GET /simple/a/a-1.0-py3-none-any.whl HTTP/1.1" 200 1000 "-" "pip"';
    writeFileSync(file, `192.0.2.9 - - [01/Jan/2026:00:00:09 +0000] ${line}\n`.repeat(2));
    await look();
    const [told] = await store.proxyPackages(0);
    assert.equal([told?.name, told?.requests, told?.servedBytes], ['a 1.0', 2, 2_000]);
    assert.is(told?.fetchedBytes, null, 'not in this format');
    assert.equal(problems, []);
  });
});

test('requests of a followed log are kept for 92 days, imported ones stay', async () => {
  await scene(async ({ file, store, look, sums }) => {
    writeFileSync(file, miss(0));
    await look();
    await store.maintain(NOON + 91 * 86_400_000);
    assert.equal(await sums(), [1, 0, 1_000, 1_000]);
    await store.maintain(NOON + 93 * 86_400_000);
    assert.is(await sums(), undefined);
  });
});

test.run();
