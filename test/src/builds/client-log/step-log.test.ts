import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { StepLog } from '../../../../src/builds/client-log/step-log.js';
import type { ClientLog } from '../../../../src/builds/client-log/types.js';

const recorded = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/client-log/${name}.txt`, import.meta.url), 'latin1');

function logOf(text: string): StepLog {
  const log = new StepLog();
  log.take({ vertex: 'v', stream: 1, at: 1, text });
  log.end();
  return log;
}

const said = (text: string): ClientLog[] => logOf(text).clients();
const figures = ({ client, downloadedBytes, cachedBytes, neededBytes }: ClientLog) => [
  client,
  downloadedBytes,
  cachedBytes,
  neededBytes,
];

const RECORDED: [name: string, ...figures: unknown[]][] = [
  ['apt-get-cold', 'apt', 436_000, 0, 436_000],
  ['apt-get-partial', 'apt', 59_400, 246_600, 306_000],
  ['apt-get-cached', 'apt', undefined, 168_000, 168_000],
  ['apt-partial', 'apt', 161_000, 79_000, 240_000],
  ['apt-cached', 'apt', undefined, 168_000, 168_000],
  ['apt-update-cold', 'apt', 6_626_000, undefined, undefined],
  ['pip-cold', 'pip', 2_000_000 + 2_000 + 4_000_000, undefined, undefined],
  ['pip-warm', 'pip', 3_000_000, 2_000_000 + 2_000 + 4_000_000, undefined],
];

for (const [name, ...expected] of RECORDED) {
  test(`as recorded: ${name}`, () => assert.equal(said(recorded(name)).map(figures), [expected]));
}

test('as recorded: npm-cold says no sizes', () => assert.equal(said(recorded('npm-cold')), []));

test('as recorded: poetry-cold says no sizes, but names', () => {
  const [poetry, ...others] = said(recorded('poetry-cold'));
  assert.equal(others, []);
  assert.equal(figures(poetry!), ['poetry', undefined, undefined, undefined]);
  assert.equal(poetry?.installed, ['nm-alpha 1.0', 'nm-beta 1.0', 'nm-gamma 1.0']);
});

test('names of poetry: updates, colours, sources, twice; composer has other lines', () => {
  const text = [
    '  - Updating nm-alpha (1.0 -> 2.0)',
    '  \u001b[34;1m•\u001b[39;22m Installing \u001b[36mnm-beta\u001b[39m (\u001b[39;1m1.0\u001b[39;22m)',
    '  - Installing nm-git (0.1 1a2b3c4)',
    '  - Updating nm-alpha (1.0 -> 2.0)',
    '  - Installing vendor/package (v1.0): Extracting archive',
    '  - Removing nm-gamma (1.0)',
    '',
  ].join('\n');
  assert.equal(said(text)[0]?.installed, ['nm-alpha 2.0', 'nm-beta 1.0', 'nm-git 0.1']);
});

test('of more packages than are kept, some are said to be missing', () => {
  const lines = Array.from({ length: 2_001 }, (_, i) => `  - Installing p${i} (1.0)\n`);
  const [log] = said(lines.join(''));
  assert.is(log?.installed?.length, 2_000);
  assert.is(log?.isPartial, true);
});

const LINES: [line: string, ...figures: unknown[]][] = [
  ['Need to get 9,183 kB/12.3 MB of archives.', 'apt', undefined, 3_117_000, 12_300_000],
  [
    '  Downloading foo-1.0-cp313-manylinux_2_17_x86_64.whl.metadata (5.0 kB)',
    'pip',
    5_000,
    undefined,
    undefined,
  ],
  ['    Using cached foo-1.0.tar.gz (812 bytes)', 'pip', undefined, 812, undefined],
  [
    '   Downloading torch-2.5.1-cp313-cp313-linux_x86_64.whl (1003.2 MB)',
    'pip',
    1_003_200_000,
    undefined,
    undefined,
  ],
  ['Downloading numpy (17.2MiB)', 'uv', 18_035_507, undefined, undefined],
  [' Downloading numpy (512.0KiB)', 'uv', 524_288, undefined, undefined],
  ['  Downloaded 57 crates (5.1MiB) in 0.41s', 'cargo', 5_347_738, undefined, undefined],
  ['  Downloaded 1 crate (12.5 KB) in 0.05s', 'cargo', 12_500, undefined, undefined],
  [
    '[INFO] Downloaded from central: https://r.test/a/a-1.jar (43 kB at 1.2 MB/s)',
    'maven',
    43_000,
    undefined,
    undefined,
  ],
  ['Downloaded: https://r.test/a/a-1.pom (19 KB at 18.9 KB/sec)', 'maven', 19_000, undefined, undefined],
  ['Total size: 12 M\nTotal download size: 5.0 M', 'dnf', 5 << 20, 7 << 20, 12 << 20],
  ['Total download size: 345 k', 'dnf', 345 << 10, undefined, undefined],
  ['Total size: 12 M', 'dnf', undefined, 12 << 20, 12 << 20],
  ['Total size of inbound packages is 12 MiB. Need to download 0 B.', 'dnf', 0, 12 << 20, 12 << 20],
];

for (const [line, ...expected] of LINES) {
  test(`line: ${line}`, () => assert.equal(said(line).map(figures), [expected]));
}

const NOTHING = [
  'Downloading the internet (all of it)',
  '  Downloading https://host/foo.whl (2.0 XB)',
  '  Downloading https://host/foo.whl (99999999999 GB)',
  'Need to get 5 MB/1 MB of archives.',
  'Fetched 12 packages in 3s',
  'echo Need to get 5 MB of archives.',
];

for (const line of NOTHING) {
  test(`says nothing: ${line}`, () => assert.equal(said(line), []));
}

test('however the engine cuts the output, and with colours, it says the same', () => {
  const text = recorded('pip-warm').replaceAll('Using', '\u001b[1;32mUsing\u001b[0m');
  for (const length of [1, 7, 64, 4096]) {
    const log = new StepLog();
    for (let at = 0; at < text.length; at += length) {
      log.take({ vertex: 'v', stream: 2, at: at + 1, text: text.slice(at, at + length) });
    }
    log.end();
    assert.equal(log.clients(), said(recorded('pip-warm')));
  }
});

test('two streams that are written to at once are not mixed up', () => {
  const log = new StepLog();
  log.take({ vertex: 'v', stream: 1, at: 1, text: 'Fetched 436 kB ' });
  log.take({ vertex: 'v', stream: 2, at: 2, text: '  Using cached foo.whl (2.0 MB)\nFetched ' });
  log.take({ vertex: 'v', stream: 1, at: 3, text: 'in 0s (1 MB/s)\n' });
  assert.equal(log.clients().map(figures), [
    ['pip', undefined, 2_000_000, undefined],
    ['apt', 436_000, undefined, undefined],
  ]);
});

test('progress bars that write over themselves are lines', () => {
  const [log] = said('0%\r50%\r\u001b[2KFetched 436 kB in 0s (1 MB/s)\rdone');
  assert.is(log?.downloadedBytes, 436_000);
});

test('a stream that is read again changes nothing, and what is new is added', () => {
  const log = new StepLog();
  const piece = (at: number, text: string) => log.take({ vertex: 'v', stream: 1, at, text });
  piece(1, 'Fetched 1 MB in ');
  for (const _ of [1, 2]) {
    piece(1, 'Fetched 1 MB in ');
    piece(2, '0s\n');
  }
  piece(3, 'Fetched 2 MB in 0s\n');
  assert.is(log.clients()[0]?.downloadedBytes, 3_000_000);
});

test('a line without end is dropped, whatever stands in it, and the next one read', () => {
  const giant = `Fetched 1 MB in ${'x'.repeat(1 << 20)}`;
  assert.equal(said(giant), []);
  assert.is(said(`${giant}\nFetched 2 MB in 0s`)[0]?.downloadedBytes, 2_000_000);
});

test('how far rounding may be off is added up; a log that the engine cut is partial', () => {
  const [whole] = said('Need to get 59.4 kB/306 kB of archives.\nFetched 59.4 kB in 0s\n');
  assert.is(whole?.roundingBytes, 500 + 500 + 50 + 50);
  assert.is(whole?.isPartial, false);
  const [cut] = said('Fetched 59.4 kB in 0s\n[output clipped, log limit 2MiB reached]\n');
  assert.is(cut?.isPartial, true);
});

test('more streams than there can be are not followed', () => {
  const log = new StepLog();
  for (let stream = 0; stream < 100; stream++) {
    log.take({ vertex: 'v', stream, at: 1, text: 'Fetched 1 kB in 0s\n' });
  }
  assert.is(log.clients()[0]?.downloadedBytes, 4_000);
});

test.run();
