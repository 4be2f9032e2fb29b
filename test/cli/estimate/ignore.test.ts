import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseIgnore } from '../../../cli/estimate/ignore.js';

// Cases of docs.docker.com/build/concepts/context (.dockerignore).
const CASES: [patterns: string, ignored: string[], sent: string[]][] = [
  ['# comment\n*/temp*', ['a/temp.txt', 'a/temp', 'a/temp/deep'], ['temp.txt', 'a/b/temp']],
  ['*/*/temp*', ['a/b/temporary.txt'], ['a/temp', 'a/b/c/temp']],
  ['temp?', ['tempa', 'tempb', 'tempa/x'], ['temp', 'temp12']],
  ['**/*.go', ['a.go', 'x/y/b.go'], ['a.gox']],
  ['*.md\n!README.md', ['a.md'], ['README.md', 'x/a.md']],
  ['*.md\n!README*.md\nREADME-secret.md', ['README-secret.md'], ['README-a.md']],
  ['/node_modules/', ['node_modules', 'node_modules/a/b'], ['x/node_modules']],
  ['**/node_modules', ['node_modules/a', 'x/y/node_modules/z'], ['node_module']],
  ['./a/../b', ['b', 'b/c'], ['a']],
  ['[a-c]x\n[^0-9]y', ['bx', 'zy'], ['dx', '5y']],
  ['a\\*b', ['a*b'], ['axb']],
  ['*\n!src', ['a', 'b/c'], ['src', 'src/deep/x']],
];

for (const [patterns, ignored, sent] of CASES) {
  test(`.dockerignore: ${JSON.stringify(patterns)}`, () => {
    const ignore = parseIgnore(patterns);
    for (const path of ignored) assert.is(ignore(path), true, path);
    for (const path of sent) assert.is(ignore(path), false, path);
  });
}

test('hostile patterns do not take for ever', () => {
  const ignore = parseIgnore(`${'**/'.repeat(40)}x\n${'*a'.repeat(200)}b`);
  assert.is(ignore(`${'d/'.repeat(60)}${'a'.repeat(200)}`), false);
});

test.run();
