// netmeter advise: a Dockerfile's text is enough for reasons, numbers come from the daemon.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AdviseDocument } from '../../../src/protocol/documents.js';
import { startServer } from '../../daemon/server/harness.js';
import { commandLine } from './command-line.js';

const TEXT = 'FROM base:1\nRUN npm ci\n';
const DOCUMENT: AdviseDocument = {
  schema: 1,
  file: 'Dockerfile',
  advice: [
    {
      code: 'cache-mount-missing',
      message: 'no\u001b[2J',
      where: 'D:2',
      savesBytes: 5e7,
      basis: 'estimated',
    },
  ],
};
let dir = '';
let file = '';

test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'nm-a-'));
  file = join(dir, 'Dockerfile');
  writeFileSync(file, TEXT);
});
test.after.each(() => rmSync(dir, { recursive: true, force: true }));

const away = () => ({ env: { NETMETER_STATE_DIR: join(dir, 'none') } });

test('without a daemon: reasons, and no numbers', async () => {
  const json = await commandLine(['advise', file, '--json'], away());
  assert.is(json.code, 0, json.stderr);
  const document = JSON.parse(json.stdout) as AdviseDocument;
  assert.is(document.file, file);
  assert.equal(
    document.advice.map(({ code, where, savesBytes, basis }) => [code, where, savesBytes, basis]),
    [['cache-mount-missing', `${file}:2`, null, 'unknown']],
  );
  const text = await commandLine(['advise', file], away());
  assert.match(text.stdout, 'write RUN --mount=type=cache,target=/root/.npm …');
  assert.match(text.stderr, 'netmeter is not running');
});

test('with one: it is asked about the text and the period', async () => {
  const asked: unknown[] = [];
  const setup = await startServer(
    {},
    {
      advise: (params) => {
        asked.push(params);
        return DOCUMENT;
      },
    },
  );
  try {
    const env = { NETMETER_STATE_DIR: setup.dir };
    const json = await commandLine(['advise', file, '--since', '2026-11-01', '--json'], { env });
    assert.equal(JSON.parse(json.stdout), DOCUMENT);
    assert.equal(asked, [{ text: TEXT, file, path: file, since: Date.UTC(2026, 10, 1) }]);
    const text = await commandLine(['advise', file], { env });
    assert.is(
      text.stdout,
      'D:2  cache-mount-missing: would have saved up to 50.0 MB (estimated)\n  no\\e[2J\n',
    );
  } finally {
    await setup.close();
  }
});

test('--fixed prints the file put right', async () => {
  const { stdout } = await commandLine(['advise', file, '--fixed'], away());
  assert.is(stdout, 'FROM base:1\nRUN --mount=type=cache,target=/root/.npm npm ci\n');
});

test('what is no Dockerfile is refused with its line', async () => {
  writeFileSync(file, 'FROM a\nMAKE x\n');
  const { code, stderr } = await commandLine(['advise', file], away());
  assert.is(code, 5);
  assert.match(stderr, `${file}:2: there is no instruction "MAKE" (unreadable-input)`);
  const none = await commandLine(['advise', join(dir, 'nowhere')], away());
  assert.is(none.code, 5);
  assert.match(none.stderr, 'there is no such file');
});

test.run();
