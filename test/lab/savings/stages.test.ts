// --no-cache-filter: one stage is built anew, the others come from the layer cache, and the ledger tells them apart.
import * as assert from 'uvu/assert';
import { stepNamed } from '../exactness/documents.js';
import { assertWithin } from '../exactness/expectations.js';
import { bytesPath, lab, labSuite, originPath, startNetmeter } from '../harness/index.js';
import { assertSaved, buildAndLook, freshTag, MB, moved } from './scene.js';
import { assertBalances, sentFor } from './truth.js';

const test = labSuite('stages that are built anew');

test(
  '--no-cache-filter: what its stage fetches is used, what the others have is saved',
  120_000,
  async (cleanup) => {
    const [kept, fresh] = [bytesPath(4 * MB, 'kept'), bytesPath(2 * MB, 'fresh')];
    const fetch = (path: string) => `RUN wget -q -O /data ${lab().origin}${path}`;
    const dockerfile = `FROM nm-busybox AS kept\n${fetch(kept)}\nFROM nm-busybox AS fresh\n${fetch(fresh)}\nCOPY --from=kept /data /kept\n`;
    const netmeter = await startNetmeter(cleanup);
    await buildAndLook(netmeter, cleanup, { dockerfile, tag: freshTag('stages') });
    const once = await sentFor([fresh]);
    const flags = ['--no-cache-filter', 'fresh'];
    const shown = await buildAndLook(netmeter, cleanup, { dockerfile, tag: freshTag('stages'), flags });
    assert.is((await originPath(kept)).requests, 1);
    assert.is((await originPath(fresh)).requests, 2);
    assertSaved(stepNamed(shown, kept), 'layer-cache', await sentFor([kept]));
    const ran = stepNamed(shown, fresh);
    assert.is(ran.status, 'done');
    assert.is(ran.coldBasis, 'measured');
    assert.equal(ran.savings, []);
    assertWithin(moved(ran), once, 1e-2, 'fetched anew');
    assertBalances(shown);
    assertWithin(shown.build.saved?.bytes ?? 0, await sentFor([kept]), 1e-2, 'in all');
    assertWithin(shown.build.coldBytes ?? 0, (await sentFor([kept])) + once, 1e-2, 'cold');
  },
);

test.run();
