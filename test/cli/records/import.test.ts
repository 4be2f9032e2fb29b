import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ImportFileDocument } from '../../../src/records/document.js';
import { ACNG, NGINX_FORMAT, NGINX_LINES, SQUID } from '../../src/records/proxy-logs.js';
import { type Ran, runOnFiles } from '../capture/run-pcap.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/records/', import.meta.url));
const GOLDEN = fileURLToPath(new URL('../../golden/records/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'netmeter-import-'));
test.after(() => rmSync(directory, { recursive: true, force: true }));

function temporary(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function dryRun(...args: string[]): Promise<Ran> {
  return runOnFiles('import', '--dry-run', ...args);
}

async function documentsOf(...args: string[]): Promise<ImportFileDocument[]> {
  const { code, stdout, stderr } = await dryRun('--json', ...args);
  assert.is(code, 0, stderr);
  const { schema, files } = JSON.parse(stdout);
  assert.is(schema, 1);
  return files;
}

for (const name of [
  'buildx-0.29.rawjson',
  'buildx-0.29.plain.log',
  'buildx-0.29.dockerbuild',
  'docker-20.10.plain.log',
]) {
  test(`${name}: what was found, and what could not be known`, async () => {
    const { code, stdout } = await dryRun(join(FIXTURES, name));
    assert.is(code, 0);
    const text = stdout.replaceAll(FIXTURES, '');
    const golden = join(GOLDEN, `${name}.txt`);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, text);
    assert.is(text, readFileSync(golden, 'utf8'));
  });
}

test('several kinds at once, compressed ones among them, each with its figures', async () => {
  const [squid, rotated, nginx] = [
    ...(await documentsOf(temporary('access.log', SQUID), temporary('apt-cacher.log.2.gz', gzipSync(ACNG)))),
    ...(await documentsOf('--format', NGINX_FORMAT, temporary('nginx.log', NGINX_LINES))),
  ];
  assert.equal([squid!.kind, squid!.builds, squid!.requests, squid!.imported], ['squid-native', 0, 6, null]);
  assert.equal([rotated!.kind, rotated!.requests], ['apt-cacher-ng', 4]);
  assert.equal([rotated!.proxy!.servedBytes, rotated!.proxy!.fetchedBytes], [264_764, 163_064]);
  assert.equal([nginx!.kind, nginx!.proxy!.hits, nginx!.proxy!.misses], ['nginx', 1, 1]);
});

test('a compressed log that is cut off is read up to there, and says so', async () => {
  const long = SQUID.repeat(200);
  const packed = gzipSync(long);
  const [document] = await documentsOf(temporary('cut.gz', packed.subarray(0, packed.length - 200)));
  assert.ok(document!.requests > 100 && document!.requests < 1_200);
  assert.ok(document!.unknown.some((text) => text.startsWith('what came after damage')));
});

test('what is no record is refused with exit code 5 and takes the others not away', async () => {
  const custom = temporary('custom.log', SQUID.replaceAll(/$/gm, ' extra'));
  const cases: [string, RegExp][] = [
    [custom, /custom\.log: no record that netmeter reads/],
    [temporary('empty', ''), /it is empty/],
    [temporary('zero', Buffer.alloc(100)), /zero bytes/],
    [temporary('x.pcap', Buffer.from('d4c3b2a1020004000000', 'hex')), /packet capture/],
    [join(directory, 'missing'), /there is no such file/],
  ];
  for (const [path, message] of cases) {
    const { code, stdout, stderr } = await dryRun(path, '--json');
    assert.is(code, 5, path);
    assert.match(stderr, message);
    assert.is(JSON.parse(stdout).error.code, 'unreadable-input');
  }
  const both = await dryRun('--json', custom, temporary('good.log', SQUID));
  assert.is(both.code, 5);
  assert.is(JSON.parse(both.stdout).files.length, 1);
});

test('without a daemon nothing is stored: exit code 3', async () => {
  const path = temporary('squid.log', SQUID);
  const { code, stderr } = await runOnFiles('import', '--socket', join(directory, 'nobody'), path);
  assert.is(code, 3);
  assert.match(stderr, /daemon-not-running/);
});

test('a stated format that does not fit is refused; one that cannot be used is wrong usage', async () => {
  const path = temporary('nginx2.log', NGINX_LINES);
  assert.is((await dryRun('--format', 'combined', path)).code, 5);
  assert.is((await dryRun('--format', '$remote_addr', path)).code, 2);
});

test.run();
