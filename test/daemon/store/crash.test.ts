import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runAndKill } from './crash-run.js';
import { contradictions, inDirectory, NOON, open } from './support.js';

const KILLS = 10;

test('killed at any moment, it has all of the last tick or nothing of it', async () => {
  await inDirectory(async (directory) => {
    let committed = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const log = join(directory, 'log');
      const lines = await runAndKill(directory, log, Math.random() * 300);
      for (const line of lines) {
        if (line.startsWith('committed')) committed = Number(line.split(' ')[1]);
      }
      const last = lines.at(-1)!;
      const begun = last.startsWith('begin') ? Number(last.split(' ')[1]) : committed;

      const store = await open(directory);
      const sum = await total(store);
      assert.ok(sum === committed || sum === begun, `${sum} is neither ${committed} nor ${begun}`);
      assert.equal(store.opened, {
        created: false,
        migratedFrom: undefined,
        unclean: true,
        setAside: undefined,
      });
      assert.is((await store.positions('boot'))[0]?.bytes, sum);
      assert.equal(await contradictions(directory), []);
      await store.close();
      committed = sum;
    }
    const store = await open(directory);
    assert.is(store.opened.unclean, false);
    assert.is(await total(store), committed);
    await store.close();
  });
});

async function total(store: Awaited<ReturnType<typeof open>>): Promise<number> {
  const rows = await store.usage({ from: 0, to: NOON * 2 });
  return rows.reduce((sum, { rxBytes }) => sum + rxBytes, 0);
}

test.run();
