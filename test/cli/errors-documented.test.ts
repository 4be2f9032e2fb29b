// docs/errors.md against the code: every code is there once, with the exit status that it really has.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ErrorCode, exitCodeOf, NetmeterError } from '../../src/errors.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const PAGE = read('docs/errors.md');
const CODES = [...read('src/errors.ts').matchAll(/^ {2}\| '([a-z0-9-]+)'/gm)].map(
  ([, code]) => code as ErrorCode,
);
const ROWS = [...PAGE.matchAll(/^\| `([a-z0-9-]+)` \| (\d) \| (.+?) \| /gm)];

test('every code is described, and no other', () => {
  assert.ok(CODES.length > 30);
  assert.equal(ROWS.map(([, code]) => code).sort(), [...CODES].sort());
});

test('with its exit status', () => {
  for (const [, code, exit] of ROWS) {
    assert.is(Number(exit), exitCodeOf(new NetmeterError(code as ErrorCode, '')), code);
  }
});

test('warnings are described, too', () => {
  const source = read('daemon/pipeline/readiness.ts').split('export function startWarnings')[1]!;
  const codes = [...source.matchAll(/found\.push\(\[\s*'([a-z-]+)'/g)].map(([, code]) => code!);
  assert.ok(codes.length >= 3);
  for (const code of codes) assert.match(PAGE.split('## Warnings')[1]!, `\`${code}\``);
});

test.run();
