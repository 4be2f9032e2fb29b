// What is asked of the daemon for a build: the real files of a real folder.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { estimateQuestion } from '../../../cli/estimate/question.js';
import type { NetmeterError } from '../../../src/errors.js';

let dir = '';

test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'nm-q-'));
  write(
    'Dockerfile',
    'FROM a\nCOPY lock.txt src/*.js ./\nRUN --mount=type=bind,source=src,target=/s make\nCOPY . .\n',
  );
  write('lock.txt', 'one');
  write('src/a.js', 'a');
  write('src/b.ts', 'b');
  write('.dockerignore', 'secret*\n');
  write('secret.txt', 's');
});
test.after.each(() => rmSync(dir, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(join(dir, path, '..'), { recursive: true });
  writeFileSync(join(dir, path), content);
}

const ask = (...words: string[]) =>
  estimateQuestion(words, { offline: true }, { cwd: dir, env: { FROM_ENV: 'value' } });

async function inputs(): Promise<Record<string, string>> {
  const { inputs: found } = await ask('.');
  return Object.fromEntries(Object.entries(found).map(([line, input]) => [line, input.digest]));
}

test('each step’s files by name, what is ignored left out', async () => {
  const question = await ask('--build-arg', 'FROM_ENV', '--build-arg', 'X', '-t', 'y', '.');
  assert.is(question.path, join(dir, 'Dockerfile'));
  assert.is(question.context, dir);
  assert.is(question.buildArgs.FROM_ENV, 'value');
  assert.is(question.buildArgs.X, undefined, 'nobody gave it a value');
  assert.match(question.buildArgs.TARGETPLATFORM ?? '', /^linux\/[a-z0-9]+$/);
  assert.equal(Object.keys(question.inputs), ['2', '3', '4']);
  assert.equal(Object.keys(question.inputs['2']?.files ?? {}), ['lock.txt', 'src/a.js']);
  assert.equal(Object.keys(question.inputs['3']?.files ?? {}), ['src/a.js', 'src/b.ts']);
  assert.equal(Object.keys(question.inputs['4']?.files ?? {}).sort(), [
    '.dockerignore',
    'Dockerfile',
    'lock.txt',
    'src/a.js',
    'src/b.ts',
  ]);
});

test('packages of lock files, to tell which of them are new', async () => {
  write('poetry.lock', '[[package]]\nname = "a"\nversion = "1"\n');
  write('requirements.txt', 'not pinned\n');
  const { inputs: found } = await ask('.');
  assert.is(found['2']?.packages, undefined);
  assert.equal(found['4']?.packages, { 'poetry.lock': ['a 1'] });
});

test('contents, modes, names and links tell; times do not', async () => {
  const before = await inputs();
  utimesSync(join(dir, 'lock.txt'), 1, 1);
  write('secret.txt', 'other');
  assert.equal(await inputs(), before);
  write('src/b.ts', 'c');
  const changed = await inputs();
  assert.is(changed['2'], before['2']);
  assert.is.not(changed['3'], before['3']);
  assert.is.not(changed['4'], before['4']);
  chmodSync(join(dir, 'src/a.js'), 0o755);
  assert.is.not((await inputs())['2'], before['2']);
  symlinkSync('nowhere', join(dir, 'src/link.js'));
  const linked = await ask('.');
  assert.ok(linked.inputs['2']?.files?.['src/link.js']);
});

test('the newest change is known, by the file that it was in', async () => {
  const { inputs: found } = await ask('.');
  assert.ok((found['2']?.newestAt ?? 0) > Date.now() - 60_000);
  assert.match(found['2']?.newest ?? '', /lock\.txt|src\/a\.js/);
});

test('a folder that --build-context names is looked into, too', async () => {
  write('Dockerfile', 'FROM a\nCOPY --from=lib x.txt /\nCOPY --from=image / /\n');
  write('lib/x.txt', 'x');
  const { inputs: found, contexts } = await ask(
    '--build-context',
    'lib=lib',
    '--build-context',
    'image=docker-image://a',
    '.',
  );
  assert.equal(Object.keys(found), ['2']);
  assert.equal(Object.keys(found['2']?.files ?? {}), ['x.txt']);
  assert.equal(contexts, { lib: 'lib', image: 'docker-image://a' });
});

test('a context that cannot be looked into is refused, with what to do', async () => {
  for (const [words, message] of [
    [['https://example.org/x.git'], 'is not known before it is fetched'],
    [['nowhere'], 'is no folder to build from'],
    [['-f', 'Dockerfile', '-'], 'from standard input'],
    [['--target', 'nothing', '.'], 'there is no stage "nothing"'],
  ] as [string[], string][]) {
    try {
      await ask(...words);
      assert.unreachable(words.join(' '));
    } catch (error) {
      assert.match((error as Error).message, message);
    }
  }
});

test('what is no Dockerfile is refused, with the line', async () => {
  write('Dockerfile', 'FROM a\nRUN b\nMAKE c\n');
  try {
    await ask('.');
    assert.unreachable();
  } catch (error) {
    assert.is((error as NetmeterError).code, 'unreadable-input');
    assert.match((error as Error).message, 'Dockerfile:3: there is no instruction "MAKE"');
  }
});

test.run();
