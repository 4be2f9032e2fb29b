// What caches saved, held against what the origin really did not send.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { BuildShowDocument, BuildsDocument, ReportDocument } from '../../../src/protocol/documents.js';
import { finishedBuild, stepNamed } from '../exactness/documents.js';
import { assertWithin } from '../exactness/expectations.js';
import {
  build,
  bytesPath,
  type Cleanup,
  difference,
  docker,
  eventually,
  lab,
  labSuite,
  type Netmeter,
  originPath,
  pushRandomImage,
  startNetmeter,
  uplinkCounters,
} from '../harness/index.js';
import { assertBalances, installer, removeCaches, savingOf, sentFor } from './truth.js';

const test = labSuite('savings: the ledger');
const MB = 1_000_000;

/** The build of that tag when every step that ran knows what it saved, and its bytes are settled. */
function recorded(netmeter: Netmeter, tag: string): Promise<BuildShowDocument> {
  let before = '';
  return eventually(`${tag} to know what it saved`, 20_000, async () => {
    const shown = await finishedBuild(netmeter, tag);
    const unknown = shown.steps.filter((step) => step.status === 'done' && step.savings === null);
    // What the engine fetched is given to steps up to some seconds later.
    const last = before;
    before = JSON.stringify(shown);
    if (unknown.length > 0 || before !== last) await sleep(1500);
    return unknown.length > 0 || before !== last ? undefined : shown;
  });
}

async function built(
  netmeter: Netmeter,
  cleanup: Cleanup,
  tag: string,
  dockerfile: string,
  { files = {}, flags = [] }: { files?: Record<string, string>; flags?: string[] } = {},
) {
  cleanup.defer(() => docker('28', ['rmi', '-f', tag], { anyExit: true }));
  const known = await netmeter.json<BuildsDocument>(['builds']);
  const { exitCode } = await build({
    engine: '28',
    dockerfile,
    files,
    flags: ['-t', tag, ...flags],
    anyExit: true,
  });
  const ref = await eventually(`a new build ${tag}`, 30_000, async () => {
    const { builds } = await netmeter.json<BuildsDocument>(['builds']);
    return builds.find(({ ref: each }) => !known.builds.some((old) => old.ref === each))?.ref;
  });
  return { ref, exitCode, shown: await recorded(netmeter, tag) };
}

test(
  'a cache mount: cold, one file more, cached layer, --no-cache; over a restart',
  240_000,
  async (cleanup) => {
    const [a, b, c] = [bytesPath(6 * MB, 'a'), bytesPath(4 * MB, 'b'), bytesPath(3 * MB, 'c')];
    const tag = `ledger-${process.pid}`;
    const dockerfile = `FROM nm-busybox\nCOPY list /list\n${installer(`,id=ledger-${process.pid}`)}\n`;
    const netmeter = await startNetmeter(cleanup);

    const cold = await built(netmeter, cleanup, tag, dockerfile, { files: { list: `${a}\n${b}\n` } });
    const first = stepNamed(cold.shown, '--mount=type=cache');
    cleanup.defer(() => removeCaches(first));
    assert.is(first.coldBasis, 'measured');
    assert.equal(first.savings, []);
    const already = await sentFor([a, b]);
    assertWithin(first.coldBytes ?? 0, already, 2e-2, 'the cold run');
    assertBalances(cold.shown);

    // What is known of cold costs is in the store.
    await netmeter.stop();
    await netmeter.start();
    const more = await built(netmeter, cleanup, tag, dockerfile, { files: { list: `${a}\n${b}\n${c}\n` } });
    const second = stepNamed(more.shown, '--mount=type=cache');
    assert.is((await originPath(a)).requests, 1, 'the origin did not send it again');
    const byMount = savingOf(second, 'cache-mount');
    assertWithin(byMount.bytes, already, 2e-2, 'what was not downloaded');
    assert.is(byMount.basis, 'derived');
    assert.ok(byMount.lowBytes <= already && already <= byMount.highBytes * 1.02);
    assertBalances(more.shown);
    assert.is(more.shown.build.saved?.headlineBytes, byMount.bytes);

    const same = await built(netmeter, cleanup, tag, dockerfile, { files: { list: `${a}\n${b}\n${c}\n` } });
    const third = stepNamed(same.shown, '--mount=type=cache');
    assert.is(third.status, 'cached');
    assertWithin(savingOf(third, 'layer-cache').bytes, await sentFor([a, b, c]), 2e-2, 'the cached layer');
    assert.is(same.shown.build.saved?.headlineBytes, 0);
    assertBalances(same.shown);

    const before = await sentFor([a, b, c]);
    const anew = await built(netmeter, cleanup, tag, dockerfile, {
      files: { list: `${a}\n${b}\n${c}\n` },
      flags: ['--no-cache'],
    });
    const fourth = stepNamed(anew.shown, '--mount=type=cache');
    cleanup.defer(() => removeCaches(fourth));
    assert.equal(fourth.savings, [], 'it downloaded all of it again');
    assertWithin(fourth.coldBytes ?? 0, (await sentFor([a, b, c])) - before, 2e-2, '--no-cache');

    const report = await netmeter.json<ReportDocument>(['report', '--since', '1h']);
    const { builds } = await netmeter.json<BuildsDocument>(['builds']);
    const sum = builds.reduce((all, { saved }) => all + (saved?.bytes ?? 0), 0);
    assert.is(report.saved?.bytes, sum, 'the report is the sum of its builds');
    assert.is(report.saved?.byCause.cacheMount, byMount.bytes);
  },
);

test('an image: pulled, then local', 120_000, async (cleanup) => {
  const image = await pushRandomImage('ledger', [5 * MB, 2 * MB]);
  const layers = image.layers.reduce((sum, { size }) => sum + size, 0);
  const tag = `ledger-from-${process.pid}`;
  cleanup.defer(() => docker('28', ['rmi', '-f', image.reference], { anyExit: true }));
  const netmeter = await startNetmeter(cleanup);
  const from = `FROM ${image.reference}\n`;
  const pulled = await built(netmeter, cleanup, tag, `${from}COPY one /one\n`, { files: { one: '1' } });
  const cold = stepNamed(pulled.shown, 'FROM');
  assert.is(cold.coldBasis, 'measured');
  assertWithin(cold.coldBytes ?? 0, layers, 6e-2, 'the pull, with what the wire adds');
  const local = await built(netmeter, cleanup, tag, `${from}COPY two /two\n`, { files: { two: '2' } });
  const saved = savingOf(stepNamed(local.shown, 'FROM'), 'local-image');
  assertWithin(saved.bytes, layers, 6e-2, 'the layers that were not fetched, with what the wire adds');
  assertBalances(local.shown);
});

test(
  'a failed step has no saving, and what it left in its mount is one of the next try',
  120_000,
  async (cleanup) => {
    const [a, b] = [bytesPath(5 * MB, 'half'), bytesPath(2 * MB, 'rest')];
    const tag = `ledger-fail-${process.pid}`;
    const dockerfile = `FROM nm-busybox\nCOPY list /list\n${installer(`,id=fail-${process.pid}`)}\n`;
    const netmeter = await startNetmeter(cleanup);
    const failed = await built(netmeter, cleanup, tag, dockerfile, { files: { list: `${a}\n/nowhere\n` } });
    assert.is.not(failed.exitCode, 0);
    const first = stepNamed(failed.shown, '--mount=type=cache');
    cleanup.defer(() => removeCaches(first));
    assert.is(first.status, 'failed');
    assert.is(first.savings, null);
    const next = await built(netmeter, cleanup, tag, dockerfile, { files: { list: `${a}\n${b}\n` } });
    const saved = savingOf(stepNamed(next.shown, '--mount=type=cache'), 'cache-mount');
    const already = await sentFor([a]);
    assertWithin(saved.bytes, already, 2e-2, 'what the failed step had downloaded');
    assert.ok(saved.lowBytes <= already);
  },
);

test('a step that two builds share is cold in one and saved in the other', 120_000, async (cleanup) => {
  const path = `/slow/${12 * MB}/ledger-${process.pid}-${Date.now()}?rate=${3 * MB}`;
  const tags = [`ledger-a-${process.pid}`, `ledger-b-${process.pid}`] as const;
  cleanup.defer(() => docker('28', ['rmi', '-f', ...tags], { anyExit: true }));
  const netmeter = await startNetmeter(cleanup);
  const start = (tag: string) =>
    build({
      engine: '28',
      flags: ['-t', tag],
      dockerfile: `FROM nm-busybox\nRUN wget -q -O /dev/null "${lab().origin}${path}"\nRUN echo ${tag}\n`,
    });
  const before = uplinkCounters().rxBytes;
  const running = start(tags[0]);
  await eventually('the download to have begun', 30_000, () => {
    return uplinkCounters().rxBytes - before > MB ? true : undefined;
  });
  await Promise.all([running, start(tags[1])]);
  const one = await finishedBuild(netmeter, tags[0]);
  // What the first one cost is recorded when its bytes are settled.
  const other = await eventually('the other one to know what it saved', 10_000, async () => {
    const shown = await finishedBuild(netmeter, tags[1]);
    return stepNamed(shown, 'RUN wget').savings === null ? undefined : shown;
  });
  const truth = await sentFor([path.split('?')[0] ?? '']);
  assert.equal(stepNamed(one, 'RUN wget').savings, []);
  assertWithin(savingOf(stepNamed(other, 'RUN wget'), 'shared-build').bytes, truth, 2e-2, 'shared');
  assertBalances(one);
  assertBalances(other);
});

test(
  'a cache from a registry: what importing it cost counts against what it saved',
  120_000,
  async (cleanup) => {
    const path = bytesPath(6 * MB, 'imported');
    const reference = `${lab().registry}/ledger-cache-${process.pid}`;
    const tag = `ledger-import-${process.pid}`;
    const dockerfile = `FROM nm-busybox\nRUN wget -q -O /data ${lab().origin}${path}\nRUN echo ${process.pid}\n`;
    const flags = ['-t', reference, '--build-arg', 'BUILDKIT_INLINE_CACHE=1'];
    cleanup.defer(() => docker('28', ['rmi', '-f', reference], { anyExit: true }));
    const netmeter = await startNetmeter(cleanup);
    await build({ engine: '28', dockerfile, flags });
    const cold = stepNamed(await recorded(netmeter, reference), 'RUN wget');
    await docker('28', ['push', '-q', reference]);
    await docker('28', ['rmi', '-f', reference]);
    await docker('28', ['builder', 'prune', '-af', '--filter', 'type=regular']);
    const before = uplinkCounters();
    const imported = await built(netmeter, cleanup, tag, dockerfile, { flags: ['--cache-from', reference] });
    const used = difference(uplinkCounters(), before);
    const step = stepNamed(imported.shown, 'RUN wget');
    assert.is(step.status, 'cached');
    assert.is((await originPath(path)).requests, 1, 'it did not run again');
    const { saved } = imported.shown.build;
    const truth = (cold.coldBytes ?? 0) - (used.rxBytes + used.txBytes);
    assert.ok(truth < 0, `the layers of the cache cost more than the step: ${truth}`);
    const off = Math.abs((saved?.byCause.layerCache ?? 0) - truth);
    assert.ok(off < 0.02 * used.rxBytes, `saved ${saved?.byCause.layerCache}, in truth ${truth}`);
    assertBalances(imported.shown);
  },
);

test.run();
