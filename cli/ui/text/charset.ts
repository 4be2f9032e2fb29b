import { cellWidth } from '../../../src/text/width.js';

/** What the screen's own signs become where the terminal shows ASCII only, one cell each. */
const ASCII: Record<string, string> = {
  '…': '~',
  '↓': 'v',
  '↑': '^',
  '▶': '>',
  '▸': '>',
  '▾': 'v',
  '✓': '+',
  '●': '=',
  '✗': 'x',
  '⊘': '!',
  '⇄': '&',
  '·': '.',
  '│': '|',
  '─': '-',
  '≈': '~',
  '█': '#',
  '░': '.',
  '▁': '_',
  '▂': '.',
  '▃': ',',
  '▄': '-',
  '▅': '=',
  '▆': '+',
  '▇': '*',
};

const NOT_ASCII = /[^\x20-\x7e]/;

/** The text in ASCII, as wide as it was; what has no equivalent is question marks. */
export function toAscii(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  let ascii = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    ascii += NOT_ASCII.test(segment) ? (ASCII[segment] ?? '?'.repeat(cellWidth(segment))) : segment;
  }
  return ascii;
}

/** Whether the terminal's encoding is UTF-8, by the first of the variables that locale(7) looks at. */
export function isUtf8({ LC_ALL, LC_CTYPE, LANG }: Readonly<Record<string, string | undefined>>): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
