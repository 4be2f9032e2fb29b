import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import { importFile } from '../../../daemon/answers/imports.js';
import { importPart } from '../../../src/protocol/import-schema.js';
import type { ImportPart } from '../../../src/records/import.js';
import { readPlain } from '../../../src/records/progress/plain.js';
import { proxyLogFormat } from '../../../src/records/proxy/choose-format.js';
import { ProxyLogReader } from '../../../src/records/proxy/log-reader.js';
import { container, inDirectory, MINUTE, NOON, open, row, tick } from './support.js';

const LOG = readFileSync(new URL('../../fixtures/records/docker-20.10.plain.log', import.meta.url), 'utf8');
const DIGEST = 'a'.repeat(64);
const ACNG = `1762766530|I|133000|192.0.2.9|debrep/pool/main/l/less/less_590-2_amd64.deb
1762766530|O|132331|192.0.2.9|debrep/pool/main/l/less/less_590-2_amd64.deb
1762766531|O|132331|192.0.2.9|debrep/pool/main/l/less/less_590-2_amd64.deb
`;

/** As it arrives at the daemon: through JSON and the check of what clients send. */
function sent(part: ImportPart): ImportPart {
  return v.parse(importPart, JSON.parse(JSON.stringify(part)));
}

function requestsOf(text: string) {
  const reader = new ProxyLogReader(proxyLogFormat(text)!);
  return text.split('\n').flatMap((line) => reader.read(line));
}

test('a build that was recorded is there once, marked, and in no sum of what was measured', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    const { builds } = readPlain(LOG, 'rec-1', NOON);
    const part = sent({ kind: 'buildkit-plain', file: 'x.log', builds: builds.map(({ build }) => build) });
    const whole = sent({ kind: 'buildkit-plain', file: 'x.log', digest: DIGEST, document: '{}' });
    assert.equal(await store.importPart(part), { known: false, builds: 1, requests: 0 });
    assert.is((await store.importPart(whole)).known, false);
    assert.equal(await store.importPart(part), { known: false, builds: 0, requests: 0 });
    assert.is((await store.importPart(whole)).known, true);
    const [build] = await store.builds({});
    assert.equal([build!.ref, build!.imported?.kind, build!.steps.length], ['rec-1', 'plain', 13]);
    assert.equal(await store.unrecordedBuilds(10), []);
    await store.close();
  });
});

test('requests count once, also of a log that has grown', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    const first = sent({ kind: 'apt-cacher-ng', file: 'a', requests: requestsOf(ACNG) });
    assert.is((await store.importPart(first)).requests, 2);
    const grown = `${ACNG}1762766599|O|132331|192.0.2.9|debrep/pool/main/l/less/less_590-2_amd64.deb\n`;
    const second = sent({ kind: 'apt-cacher-ng', file: 'a.1', requests: requestsOf(grown) });
    assert.is((await store.importPart(second)).requests, 1);
    await store.close();
  });
});

test('a capture gives remotes their names, and is tied to builds by time and address', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    const { builds } = readPlain(LOG, 'rec-1', NOON);
    const { imported: _, ...seen } = builds[0]!.build;
    const step = { ...seen.steps[0]!, executorIds: ['one'] };
    const build = { ...seen, ref: 'seen', startedAt: NOON, completedAt: NOON + MINUTE, steps: [step] };
    await store.saveBuild(build);
    const owner = container('web');
    const step1 = { ...owner, id: 'exec:one' };
    await store.commit(tick(NOON, { rows: [row(step1, NOON, 1_000)], owners: [step1] }));
    const [remote] = await store.remotes(['exec:one']);
    assert.is(remote!.name, null);
    const names = [
      { address: remote!.address, name: 'deb.example', source: 'capture', at: NOON },
      { address: remote!.address, name: 'alias.example', source: 'capture', at: NOON - 1 },
    ];
    const capture = { kind: 'capture' as const, file: 'x.pcap', names, addresses: [remote!.address] };
    const during = sent({ ...capture, period: { from: NOON - 1, to: NOON + 1 } });
    assert.equal((await importFile(store, during)).seenBuilds, [
      { ref: 'seen', name: build.name, addresses: [remote!.address] },
    ]);
    const later = sent({ ...capture, period: { from: NOON + 2 * MINUTE, to: NOON + 3 * MINUTE } });
    assert.equal((await importFile(store, later)).seenBuilds, []);
    assert.is((await store.remotes(['exec:one']))[0]!.name, 'deb.example');
    await store.close();
  });
});

test.run();
