// netmeter estimate and check: what they ask, print, and exit with.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { estimateText, gateLine } from '../../../cli/estimate/text.js';
import type { EstimateDocument } from '../../../src/protocol/documents.js';
import type { EstimateParams } from '../../../src/protocol/messages.js';
import { startServer } from '../../daemon/server/harness.js';
import { commandLine } from './command-line.js';
import { assertGolden } from './golden.js';

const DOCUMENT: EstimateDocument = {
  schema: 1,
  fetchBytes: 42_000_000,
  lowBytes: 0,
  highBytes: 90_000_000,
  basis: 'estimated',
  coldBytes: 101_000_000,
  link: 'Phone',
  metered: true,
  remainingBytes: 300_000_000,
  limitBytes: 20_000_000,
  allowed: false,
  steps: [
    {
      name: 'FROM python:3.13-slim',
      kind: 'from',
      line: 1,
      willRun: false,
      because: 'all its layers are on the engine',
      fetchBytes: 0,
      lowBytes: 0,
      highBytes: 60_000,
      basis: 'derived',
      coldBytes: null,
    },
    {
      name: 'RUN pip install\u001b[2J -r requirements.txt',
      kind: 'run',
      line: 3,
      willRun: true,
      because: 'line 2 above it runs: requirements.txt that it takes changed since build abc; \u0007',
      fetchBytes: 42_000_000,
      lowBytes: 0,
      highBytes: 90_000_000,
      basis: 'estimated',
      coldBytes: 80_000_000,
    },
    {
      name: 'RUN make',
      kind: 'run',
      line: 4,
      willRun: true,
      because: 'no build that netmeter saw has run it',
      fetchBytes: null,
      lowBytes: 0,
      highBytes: null,
      basis: 'unknown',
      coldBytes: null,
    },
  ],
};

const asked: EstimateParams[] = [];
async function ask(argv: string[], document = DOCUMENT) {
  const folder = mkdtempSync(join(tmpdir(), 'nm-e-'));
  writeFileSync(join(folder, 'Dockerfile'), 'FROM a\nCOPY . .\n');
  asked.length = 0;
  const setup = await startServer(
    {},
    {
      estimate: (params) => {
        asked.push(params);
        return document;
      },
    },
  );
  try {
    return await commandLine([...argv, folder], { env: { NETMETER_STATE_DIR: setup.dir } });
  } finally {
    await setup.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('estimate passes the arguments of docker build on, and prints the answer', async () => {
  const words = [
    'estimate',
    '-t',
    'x',
    '--build-arg',
    'A=1',
    '--offline',
    '--no-cache',
    '--target',
    '0',
    '--json',
  ];
  const { code, stdout, stderr } = await ask(words);
  assert.is(code, 0, stderr);
  assert.equal(JSON.parse(stdout), DOCUMENT);
  const [params] = asked;
  assert.is(params?.offline, true);
  assert.is(params?.noCache, true);
  assert.is(params?.target, '0');
  assert.is(params?.buildArgs.A, '1');
  assert.equal(Object.keys(params?.inputs ?? {}), ['2']);
});

test('check is a gate: 1 for what is not allowed', async () => {
  const no = await ask(['check', '--limit', '20MB']);
  assert.is(no.code, 1);
  assert.is(asked[0]?.limitBytes, 20_000_000);
  assert.match(no.stdout, 'That is over the limit of 20.0 MB (Phone is metered).');
  assert.is((await ask(['check'], { ...DOCUMENT, allowed: true })).code, 0);
  assert.is((await ask(['check', '--limit', 'much'])).code, 2);
});

test('the texts, as they were looked at', () => {
  assertGolden('estimate', estimateText(DOCUMENT, undefined));
  assertGolden('estimate-80', estimateText({ ...DOCUMENT, fetchBytes: null, basis: 'unknown' }, 80));
  const gates: Partial<EstimateDocument>[] = [
    { metered: false },
    { limitBytes: null, remainingBytes: null },
    { limitBytes: null, remainingBytes: null, metered: null, link: null },
    { allowed: true, limitBytes: null },
    { remainingBytes: 1_000_000 },
    { metered: null, link: null },
  ];
  const lines = gates.map((gate) => gateLine({ ...DOCUMENT, ...gate }));
  assertGolden('check', `${lines.join('\n')}\n`);
});

test.run();
