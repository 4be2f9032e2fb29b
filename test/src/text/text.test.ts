import stringWidth from 'string-width';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { escapeText } from '../../../src/text/escape.js';
import { formatBytes, formatDuration, formatTime } from '../../../src/text/figures.js';
import { table } from '../../../src/text/table.js';
import { cellWidth, cutToWidth } from '../../../src/text/width.js';

test('bytes: decimal units, three digits, unknown is not 0', () => {
  const cases: [number | null, string][] = [
    [null, 'unknown'],
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [9_996, '10.0 kB'],
    [12_400_000, '12.4 MB'],
    [999_600, '1.00 MB'],
    [-1_500, '-1.50 kB'],
    [5_000_000_000_000_000, '5000 TB'],
  ];
  for (const [bytes, text] of cases) assert.is(formatBytes(bytes), text);
});

test('durations', () => {
  const cases: [number | null, string][] = [
    [null, 'running'],
    [940, '940 ms'],
    [12_340, '12.3 s'],
    [242_000, '4 min 02 s'],
    [12_000_000, '3 h 20 min'],
  ];
  for (const [ms, text] of cases) assert.is(formatDuration(ms), text);
});

test('times are in the zone of the reader', () => {
  assert.is(formatTime('2026-07-01T22:30:00.000Z', 'Europe/Berlin'), '2026-07-02 00:30');
  assert.is(formatTime(null, 'UTC'), '-');
});

test('escape codes, newlines and direction overrides never reach the terminal', () => {
  assert.is(escapeText('a\u001b[31mred\u001b[0m\nb\u202e\u0007'), 'a\\e[31mred\\e[0m\\nb\\u202e\\u0007');
  assert.is(escapeText('naïve 日本'), 'naïve 日本');
});

test('signs that are not looked up are as wide as the library says', () => {
  const signs = [...'…·≈│─█░▁▂▃▄▅▆▇↓↑▶▸▾✓✗●⊘⇄'];
  for (const sign of signs) assert.is(stringWidth(sign), 1, sign);
  assert.is(cellWidth(signs.join('')), signs.length);
  assert.is(cutToWidth('≈12.4 MB and more', 9), '≈12.4 MB…');
});

test('a table fits the width: wide characters count two cells, the flexible column gives way', () => {
  const lines = table(
    [
      { title: 'NAME', flexible: true },
      { title: 'BYTES', align: 'right' },
    ],
    [
      ['日本日本日本日本日本日本', '1 B'],
      ['short', '12 B'],
    ],
    20,
  );
  for (const line of lines) assert.ok(cellWidth(line) <= 20, line);
  assert.match(lines[1] ?? '', /…/);
  assert.ok(lines[2]?.endsWith('12 B'));
});

test('cutting never splits a character', () => {
  assert.is(cutToWidth('👨‍👩‍👧x', 2), '…');
  assert.is(cutToWidth('abc', 3), 'abc');
  assert.is(cutToWidth('abcd', 3), 'ab…');
});

test.run();
