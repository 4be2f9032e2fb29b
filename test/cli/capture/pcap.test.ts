import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CaptureDocument } from '../../../src/capture/document.js';
import { runPcap } from './run-pcap.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/captures/', import.meta.url));
const GOLDEN = fileURLToPath(new URL('../../golden/capture/', import.meta.url));
const ETHERNET = join(FIXTURES, 'ethernet.pcapng');
const COOKED = join(FIXTURES, 'cooked.pcap');
const directory = mkdtempSync(join(tmpdir(), 'netmeter-pcap-'));
test.after(() => rmSync(directory, { recursive: true, force: true }));

function temporary(name: string, content: Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function documentOf(path: string): Promise<CaptureDocument> {
  const { code, stdout, stderr } = await runPcap(path, '--json');
  assert.is(code, 0, stderr);
  const { schema, files } = JSON.parse(stdout);
  assert.is(schema, 1);
  assert.is(files.length, 1);
  return files[0];
}

for (const path of [ETHERNET, COOKED]) {
  test(`${path.slice(FIXTURES.length)}: packets, bytes by host and names as tshark counts them`, async () => {
    const truth = JSON.parse(readFileSync(`${path}.tshark.json`, 'utf8'));
    const document = await documentOf(path);
    assert.equal([document.packets, document.wireBytes], [truth.packets, truth.wireBytes]);
    const hosts = document.hosts.map(({ address, txBytes, rxBytes }) => [address, { txBytes, rxBytes }]);
    assert.equal(Object.fromEntries(hosts), truth.hosts);
    for (const source of ['dns', 'http-host', 'tls-sni']) {
      const names = document.names.filter((seen) => seen.source === source).map(({ name }) => name);
      // tshark was asked for questions only; answers add the aliases.
      const asked = names.filter((name) => name !== 'mirror.example').sort();
      assert.equal(asked, truth.names[source]);
    }
    const server = document.hosts.find(({ address }) => address === '198.51.100.2');
    assert.equal(server?.names, ['deb.debian.org', 'mirror.example', 'registry.npmjs.org']);
    assert.is(server?.registry, 'Debian');
  });

  test(`${path.slice(FIXTURES.length)}: the text for people`, async () => {
    const { code, stdout } = await runPcap(path);
    assert.is(code, 0);
    const text = stdout.replaceAll(FIXTURES, '');
    const golden = join(GOLDEN, `${path.slice(FIXTURES.length)}.txt`);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, text);
    assert.is(text, readFileSync(golden, 'utf8'));
  });
}

test('gzip, also cut off: what could be unpacked counts, and the cut is said', async () => {
  const packed = gzipSync(readFileSync(COOKED));
  const whole = await documentOf(temporary('whole.pcap.gz', packed));
  const plain = await documentOf(COOKED);
  assert.equal({ ...whole, file: '' }, { ...plain, file: '' });
  const cut = await documentOf(temporary('cut.pcap.gz', packed.subarray(0, packed.length / 2)));
  assert.is(cut.truncated, true);
  assert.ok(cut.packets > 0 && cut.packets < plain.packets);
  const withoutTrailer = await documentOf(temporary('trailer.pcap.gz', packed.subarray(0, -8)));
  assert.equal([withoutTrailer.truncated, withoutTrailer.packets], [true, plain.packets]);
});

test('a capture cut off in the middle is read up to there, with exit code 0', async () => {
  const document = await documentOf(temporary('cut.pcap', readFileSync(COOKED).subarray(0, 20_000)));
  assert.is(document.truncated, true);
  assert.ok(document.packets > 10);
  assert.ok(document.truncatedAt!.offset < 20_000);
});

test('no capture: exit code 5, and why', async () => {
  const cases: [string, RegExp][] = [
    [temporary('text.txt', Buffer.from('This is a text.')), /text\.txt: not a packet capture.*offset 0/],
    [temporary('empty', Buffer.alloc(0)), /empty: not a packet capture: it is empty/],
    [temporary('text.gz', gzipSync('This is a text.')), /text\.gz: not a packet capture/],
    [temporary('broken.gz', Buffer.from('1f8b08000000000000ffffffffff', 'hex')), /broken\.gz: .*damaged/],
    [join(directory, 'missing'), /missing: there is no such file/],
    [directory, /is a directory/],
  ];
  for (const [path, message] of cases) {
    const { code, stdout, stderr } = await runPcap(path, '--json');
    assert.is(code, 5, path);
    const { error } = JSON.parse(stdout);
    assert.is(error.code, 'unreadable-input', path);
    assert.match(error.message, message);
    assert.match(stderr, message);
  }
});

test('zstd is read where Node can, else the way around is named', async () => {
  const path = temporary('packed.zst', Buffer.from('28b52ffd00000000', 'hex'));
  const { code, stderr } = await runPcap(path);
  assert.is(code, 5);
  assert.match(stderr, 'createZstdDecompress' in (await import('node:zlib')) ? /zst/ : /zstd -dc/);
});

test('one unreadable file does not take the others away', async () => {
  const bad = temporary('bad', Buffer.from('nothing of the kind'));
  const { code, stdout, stderr } = await runPcap(COOKED, bad, ETHERNET, '--json');
  assert.is(code, 5);
  assert.equal(
    JSON.parse(stdout).files.map(({ file }: CaptureDocument) => file),
    [COOKED, ETHERNET],
  );
  assert.match(stderr, /bad: not a packet capture/);
});

test('no file is wrong usage', async () => {
  assert.is((await runPcap()).code, 2);
});

test('hostile file names are escaped', async () => {
  const path = temporary('\u001b[31mred', readFileSync(COOKED));
  const { stdout } = await runPcap(path);
  assert.not.ok(stdout.includes('\u001b'));
  const missing = await runPcap(join(directory, '\u001b[31mmissing'));
  assert.not.ok(missing.stderr.includes('\u001b'));
});

test('a file that may not be read: exit code 4', async () => {
  // Root may read everything.
  if (process.getuid?.() === 0) return;
  const path = temporary('secret.pcap', readFileSync(COOKED));
  chmodSync(path, 0);
  assert.is((await runPcap(path)).code, 4);
});

test('standard input, in pieces', async () => {
  const main = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'pcap', '-', '--json'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  const capture = readFileSync(COOKED);
  for (const [from, to] of [
    [0, 1],
    [1, 3],
    [3, 30],
    [30, capture.length],
  ] as const) {
    child.stdin.write(capture.subarray(from, to));
    await new Promise((resolve) => setImmediate(resolve));
  }
  child.stdin.end();
  const [code] = await once(child, 'close');
  assert.is(code, 0);
  const [document] = JSON.parse(stdout).files;
  assert.equal([document.file, document.packets], ['-', (await documentOf(COOKED)).packets]);
});

test.run();
