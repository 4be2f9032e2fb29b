// Caches that an engine's own rules let go, by the records of a real engine, in a real book of warnings.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WarningBook } from '../../../daemon/budget/warning-book.js';
import { readCatalogue, SizeBook } from '../../../daemon/caches/catalogue.js';
import { PruneWarner } from '../../../daemon/caches/prune-warner.js';
import { EngineFiles } from '../../../daemon/engine-files/engine-files.js';
import type { CollectionRule } from '../../../src/caches/collect.js';
import type { Cache } from '../../../src/caches/types.js';
import type { EventBody } from '../../../src/protocol/messages.js';
import { EngineScene, PID, ROOT_DIR } from '../engine-files/engine-scene.js';
import { NOON, withStore } from '../store/support.js';

const FIXTURES = new URL('../../fixtures/executor/', import.meta.url);
const DATABASE = gunzipSync(readFileSync(new URL('metadata_v2-20.10.db.gz', FIXTURES)));
const TRUTH = JSON.parse(readFileSync(new URL('build-cache-20.10.json', FIXTURES), 'utf8')) as {
  ID: string;
  Type: string;
}[];
const MOUNTS = TRUTH.filter(({ Type }) => Type === 'exec.cachemount').map(({ ID }) => ID);

const ALL_MOUNTS: CollectionRule = {
  all: false,
  keepDurationMs: 0,
  reservedBytes: 0,
  maxUsedBytes: 0,
  minFreeBytes: 0,
  filters: ['type==exec.cachemount'],
};
const ROOM: CollectionRule = { ...ALL_MOUNTS, maxUsedBytes: 1e15 };

interface World {
  rules: CollectionRule[] | undefined;
  isBuilding: boolean;
  events: EventBody[];
  book: WarningBook;
  warner: PruneWarner;
}

/** With the engine's records on a disk, and what it says of its rules. */
async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const scene = new EngineScene();
  mkdirSync(scene.data('buildkit'));
  writeFileSync(scene.data('buildkit/metadata_v2.db'), DATABASE);
  const files = new EngineFiles({ engine: 'scene', pid: PID, rootDir: ROOT_DIR }, scene.procRoot);
  const fail = (error: unknown) => {
    throw error;
  };
  try {
    await withStore(async (store) => {
      const events: EventBody[] = [];
      const publish = (event: EventBody) => events.push(event);
      const onProblem = (_: string, error: unknown) => fail(error);
      const book = new WarningBook({ store, now: () => NOON, publish, onProblem });
      const sizes = new SizeBook();
      const threatened = async (): Promise<Cache[] | undefined> => {
        const { rules } = world;
        const input = { files, holders: new Map(), targets: () => [], rules, now: Date.now() };
        const { caches, collection } = await readCatalogue(input, sizes);
        return collection && caches.filter(({ recordId }) => collection.removed.has(recordId));
      };
      const isBuilding = () => world.isBuilding;
      const warner = new PruneWarner({ warnings: book, threatened, isBuilding, onProblem: fail });
      const world: World = { rules: [ALL_MOUNTS], isBuilding: false, events, book, warner };
      await run(world);
      await warner.stop();
      await book.flush();
    });
  } finally {
    scene.end();
  }
}

test('each cache that goes next is warned of once, by its name', async () => {
  await inWorld(async ({ warner, book, events }) => {
    for (let times = 0; times < 3; times++) await warner.look();
    assert.is(events.length, Math.min(MOUNTS.length, 5));
    for (const event of events) assert.is(event.event === 'warning' && event.warning.code, 'cache-prune');
    assert.equal(book.holding('cache-prune:').sort(), MOUNTS.map((id) => `cache-prune:${id}`).sort());
    assert.match(
      book.documents()[0]!.message,
      /removes the cache mount \/?\S+.* next; netmeter cache export/,
    );
  });
});

test('what is not threatened any more may be warned of again; nothing is said while rules are not known', async () => {
  await inWorld(async (world) => {
    const { warner, book, events } = world;
    await warner.look();
    const once = events.length;
    world.rules = undefined;
    await warner.look();
    assert.is(book.holding('cache-prune:').length, MOUNTS.length, 'not known is not over');
    world.rules = [ROOM];
    await warner.look();
    assert.equal(book.holding('cache-prune:'), []);
    world.rules = [ALL_MOUNTS];
    await warner.look();
    assert.is(events.length, 2 * once);
  });
});

test('caches are not looked at while something builds, or after the end', async () => {
  await inWorld(async (world) => {
    const { warner, events } = world;
    world.isBuilding = true;
    await warner.look();
    assert.is(events.length, 0);
    world.isBuilding = false;
    await warner.stop();
    await warner.look();
    assert.is(events.length, 0);
  });
});

test.run();
