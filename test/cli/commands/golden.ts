import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

const GOLDEN = fileURLToPath(new URL('../../golden/cli/', import.meta.url));

/** Holds a text against the one that was looked at and kept. UPDATE_GOLDEN=1 keeps this one instead. */
export function assertGolden(name: string, text: string): void {
  const file = join(GOLDEN, `${name}.txt`);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  assert.fixture(text, readFileSync(file, 'utf8'), name);
}
