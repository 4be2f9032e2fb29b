// The same report in its four forms, as it was looked at and kept; UPDATE_GOLDEN=1 keeps them anew.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderReport } from '../../../src/report/render/index.js';
import { EMPTY_REPORT, REPORT } from '../../cli/commands/documents.js';
import { assertGolden } from '../../cli/commands/golden.js';

const TEXT = { width: 100, ascii: false };
const EVIL = '<script>alert(1)</script>|[x](http://evil)`&"\'@everyone';

function evil() {
  const [link] = REPORT.links;
  return {
    ...REPORT,
    projects: [{ name: EVIL, usedBytes: 1, savedBytes: null }],
    links: [{ ...link!, name: EVIL }],
    advice: [{ code: 'x', message: EVIL, where: EVIL, savesBytes: null, basis: 'unknown' as const }],
  };
}

for (const format of ['md', 'html'] as const) {
  test(`${format}: as it was looked at`, () => {
    assertGolden(`report.${format}`, renderReport(REPORT, format, TEXT));
    assertGolden(`report-empty.${format}`, renderReport(EMPTY_REPORT, format, TEXT));
  });
}

test('json is the document', () => {
  assert.equal(JSON.parse(renderReport(REPORT, 'json', TEXT)), REPORT);
});

test('every form says the same figures', () => {
  const figures = ['61.2 MB', '38.0 MB', '21.0 MB', '17.0 MB', '0.13 EUR', '99.2 MB', '2.05 kB'];
  for (const format of ['text', 'md', 'html'] as const) {
    const text = renderReport(REPORT, format, TEXT);
    for (const figure of figures) assert.ok(text.includes(figure), `${format}: ${figure}`);
  }
});

test('html: names stay text, in elements and in attributes', () => {
  const text = renderReport(evil(), 'html', TEXT);
  assert.not.match(text, '<script');
  assert.match(text, '&lt;script&gt;alert(1)&lt;/script&gt;|[x](http://evil)`&amp;&quot;&#39;@everyone');
});

test('html: nothing is loaded from anywhere', () => {
  const text = renderReport(REPORT, 'html', TEXT);
  assert.not.match(text, /\s(src|href)=|url\(|@import/);
  assert.match(text, "default-src 'none'");
});

test('md: names stay text: no HTML, no links, no cells, nobody mentioned', () => {
  const text = renderReport(evil(), 'md', TEXT);
  const literal = '\\<script\\>alert(1)\\</script\\>\\|\\[x\\](http://evil)\\`\\&"\'\\@everyone';
  assert.ok(text.includes(`| ${literal} | 1 B | unknown |`), text);
});

test('text: bars of ASCII where there is nothing else, none where there is no room', () => {
  const ascii = renderReport(REPORT, 'text', { width: 100, ascii: true });
  assert.match(ascii, '######');
  assert.not.match(ascii, '█');
  assert.not.match(renderReport(REPORT, 'text', { width: 24, ascii: false }), '█');
});

test.run();
