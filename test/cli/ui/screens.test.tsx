// Whole screens, as they were looked at and kept in test/golden/ui.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cellWidth } from '../../../src/text/width.js';
import { busyView } from './scene.js';
import { assertScreen, KEYS, openScreen, type ScreenOptions } from './screen.js';

async function golden(name: string, options: ScreenOptions, ...keys: string[]): Promise<void> {
  const screen = openScreen(busyView(), options);
  try {
    await screen.press(...keys);
    const text = screen.text();
    const lines = text.split('\n');
    assert.ok(lines.length - 1 <= (options.rows ?? 24), `${name}: ${lines.length} lines`);
    for (const line of lines) assert.ok(cellWidth(line) <= (options.columns ?? 80), `${name}: ${line}`);
    assertScreen(name, text);
  } finally {
    screen.close();
  }
}

const WIDE = { columns: 120, rows: 40 };

test('builds', async () => {
  await golden('builds-80x24', {});
  await golden('builds-120x40', WIDE);
  await golden('builds-200x50', { columns: 200, rows: 50 });
  await golden('builds-40x20', { columns: 40, rows: 20 });
  await golden('builds-20x12', { columns: 20, rows: 12 });
  await golden('builds-20x5', { columns: 20, rows: 5 });
});

test('the other tabs', async () => {
  for (const size of [{}, WIDE, { columns: 20, rows: 12 }]) {
    const { columns = 80, rows = 24 } = size as ScreenOptions;
    for (const [tab, key] of [
      ['owners', '2'],
      ['remotes', '3'],
      ['caches', '4'],
      ['warnings', '5'],
    ] as const) {
      await golden(`${tab}-${columns}x${rows}`, size, key);
    }
  }
});

test('details of a step, and help', async () => {
  await golden('details-80x24', {}, KEYS.enter);
  await golden('details-120x40', WIDE, KEYS.enter);
  await golden('help-80x24', {}, '?');
});

test('ASCII only', async () => {
  await golden('ascii-120x40', { ...WIDE, theme: { ascii: true } });
});

test.run();
