// netmeter baseline: what it refuses, before it asks anybody anything. No daemon is there to be asked.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandLine } from './command-line.js';

let dir = '';
test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'nm-b-'));
});
test.after.each(() => rmSync(dir, { recursive: true, force: true }));

const baseline = (...words: string[]) =>
  commandLine(['baseline', '--yes', ...words], { env: { NETMETER_STATE_DIR: join(dir, 'none') } });

test('git repositories and other URLs: clone it', async () => {
  const contexts = [
    'https://example.org/shop.git',
    'https://example.org/shop.git#main:web',
    'git@example.org:shop.git',
    'deploy@example.org:shop',
    'ssh://git@example.org/shop.git',
    'git://example.org/shop',
    'github.com/someone/shop',
    'https://example.org/context.tar.gz',
  ];
  for (const context of contexts) {
    const { code, stderr } = await baseline(context);
    assert.is(code, 2, context);
    assert.is(
      stderr,
      `netmeter: a baseline is measured from a folder of this machine, not from ${context} (usage)\n` +
        'clone it, and name the folder\n',
    );
  }
});

test('standard input: unpack it', async () => {
  for (const words of [['-'], ['-f', '-', '.']]) {
    const { code, stderr } = await baseline(...words);
    assert.is(code, 2);
    assert.match(stderr, 'not from standard input (usage)\nunpack it, and name the folder\n');
  }
});

test('what is no Dockerfile: where it goes wrong', async () => {
  const file = join(dir, 'Dockerfile');
  writeFileSync(file, 'FROM base:1\nMAKE all\n');
  const damaged = await baseline(dir);
  assert.is(damaged.code, 5);
  assert.match(damaged.stderr, `${file}:2: there is no instruction "MAKE" (unreadable-input)`);
  rmSync(file);
  const missing = await baseline(dir);
  assert.is(missing.code, 5);
  assert.match(missing.stderr, `${file}: there is no such file (unreadable-input)`);
});

test('a folder that is called like a repository is one', async () => {
  const folder = join(dir, 'shop.git');
  mkdirSync(folder);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM base:1\n');
  const { code } = await baseline(folder);
  assert.is(code, 3, 'all that is missing is the daemon');
});

test.run();
