// What reaches the terminal: only what changed, and nothing that a name could drive it with.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FullScreen } from '../../../cli/ui/terminal/full-screen.js';
import { LineBook } from '../../../cli/ui/terminal/line-book.js';
import { paint } from '../../../cli/ui/terminal/paint.js';
import { isUtf8, toAscii } from '../../../cli/ui/text/charset.js';
import { cutLine, lineWidth, span, wrapText } from '../../../cli/ui/text/line.js';
import { sparkline } from '../../../cli/ui/text/sparkline.js';
import { styled } from '../../../cli/ui/text/styled.js';
import { cellWidth } from '../../../src/text/width.js';
import { HOSTILE } from './scene.js';
import { Glass } from './screen.js';

/** Control characters, direction overrides and zero-width characters. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

test('a frame that is as the last one writes nothing; of another, the lines that changed', () => {
  assert.is(paint(['a', 'b'], ['a', 'b'], 10), '');
  assert.is(paint(['a', 'b'], ['a', 'c'], 10), '\u001b[?2026h\u001b[2;1Hc\u001b[K\u001b[?2026l');
  assert.is(paint(['a', 'b'], ['a'], 10), '\u001b[?2026h\u001b[2;1H\u001b[2K\u001b[?2026l');
  assert.is(
    paint(['a'], ['0123456789'], 10),
    '\u001b[?2026h\u001b[1;1H0123456789\u001b[?2026l',
    'a full line erases nothing',
  );
});

test('the terminal is taken over once, and left as it was', () => {
  const glass = new Glass(20, 4);
  const screen = new FullScreen(glass);
  screen.open();
  screen.write(screen.book.sign('hello'));
  glass.resize(10, 4);
  screen.close();
  screen.close();
  screen.write(screen.book.sign('too late'));
  const all = glass.writes.join('');
  for (const [on, off] of [
    ['?1049h', '?1049l'],
    ['?25l', '?25h'],
    ['?7l', '?7h'],
  ]) {
    assert.is(all.split(`\u001b[${on}`).length, 2, `${on} once`);
    assert.is(all.split(`\u001b[${off}`).length, 2, `${off} once`);
    assert.ok(all.lastIndexOf(off!) > all.indexOf(on!));
  }
  assert.not.match(all, 'too late');
  assert.is(glass.listenerCount('resize'), 0);
});

test('signs stand for their lines however many lines went by', () => {
  const book = new LineBook();
  const stays = book.sign('stays on the screen');
  book.lines(stays);
  for (let i = 0; i < 20_000; i++) {
    const sign = book.sign(`line ${i}`);
    assert.equal(book.lines(`${stays}\n${sign}`), ['stays on the screen', `line ${i}`]);
  }
  assert.is(book.sign('stays on the screen'), stays);
});

test('whatever a text has in it, the terminal gets text', () => {
  const theme = { colors: false, ascii: false };
  assert.not.match(styled([span(HOSTILE)], false, theme), UNSAFE);
  assert.not.match(styled([{ text: HOSTILE, tone: 'plain' }], true, theme), UNSAFE);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.boolean(), fc.boolean(), (text, colors, ascii) => {
      const shown = styled([{ text, tone: 'bad' }], false, { colors, ascii });
      const inner = colors ? shown.replace(/^\u001b\[31m/, '').replace(/\u001b\[0m$/, '') : shown;
      assert.not.match(inner, UNSAFE);
      if (ascii) assert.not.match(inner, /[^\x20-\x7e]/);
    }),
  );
});

test('without colours there is no escape sequence in a line', () => {
  const line = [span('a', 'bad'), span('b', 'selected'), span('c', 'dim')];
  assert.is(styled(line, true, { colors: false, ascii: false }), 'abc');
  assert.is(styled([span('a', 'bad')], false, { colors: true, ascii: false }), '\u001b[31ma\u001b[0m');
});

test('lines are cut to their width in cells, wide characters and all', () => {
  const texts = fc.array(fc.oneof(fc.string(), fc.constantFrom('日本語', '👩‍👩‍👧', 'é', HOSTILE)), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 60 }), (all, width) => {
      const spans = all.map((text) => span(text));
      assert.ok(lineWidth(cutLine(spans, width)) <= width);
      if (lineWidth(spans) <= width) assert.is(cutLine(spans, width), spans);
      for (const line of wrapText(all.join(' '), Math.max(4, width))) {
        assert.ok(lineWidth(line) <= Math.max(4, width), JSON.stringify(line));
      }
    }),
  );
});

test('text that is wrapped is all there', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), fc.integer({ min: 4, max: 40 }), (text, width) => {
      const squeezed = (value: string) => value.replaceAll(' ', '');
      const wrapped = wrapText(text, width).map((line) => line.map((each) => each.text).join(''));
      assert.is(squeezed(wrapped.join('')), squeezed(text));
    }),
  );
});

test('ASCII is as wide as what it stands for', () => {
  assert.is(toAscii('▶ ≈1 日本 …'), '> ~1 ???? ~');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-composite' }), (text) => {
      const ascii = toAscii(text);
      assert.not.match(ascii, /[^\x00-\x7f]/);
      assert.is(cellWidth(ascii) >= cellWidth(text) - text.length, true);
    }),
  );
});

test('the encoding is what locale(7) says', () => {
  assert.is(isUtf8({ LANG: 'de_DE.UTF-8' }), true);
  assert.is(isUtf8({ LANG: 'C.utf8' }), true);
  assert.is(isUtf8({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }), false);
  assert.is(isUtf8({ LC_CTYPE: 'en_US.UTF-8', LC_ALL: '' }), true);
  assert.is(isUtf8({}), false);
});

test('a sparkline: the most is full, nothing is blank, a little is seen', () => {
  assert.is(sparkline([0, 1, 50, 100]), ' ▁▅█');
  assert.is(sparkline([0, 0]), '  ');
  assert.is(sparkline([]), '');
});

test.run();
