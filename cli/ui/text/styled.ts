import { escapeText } from '../../../src/text/escape.js';
import { toAscii } from './charset.js';
import type { Line, Tone } from './line.js';

/** What the terminal can show. */
export interface Theme {
  colors: boolean;
  /** Only ASCII characters. */
  ascii: boolean;
}

/** Select Graphic Rendition, ECMA-48 section 8.3.117. */
const CODES: Record<Tone, string> = {
  plain: '',
  dim: '2',
  strong: '1',
  good: '32',
  warn: '33',
  bad: '31',
  accent: '36',
  selected: '7',
};
const INVERSE = '7';
const RESET = '\u001b[0m';

/**
 * A line as it is sent to a terminal. Nothing reaches it but through here: whatever a name has in it, it is
 * text. Without colours there are no escape sequences.
 */
export function styled(line: Line, selected: boolean, { colors, ascii }: Theme): string {
  return line
    .map(({ text, tone }) => {
      const safe = ascii ? toAscii(escapeText(text)) : escapeText(text);
      const codes = [CODES[tone], selected ? INVERSE : ''].filter((code) => code !== '');
      return colors && codes.length > 0 ? `\u001b[${codes.join(';')}m${safe}${RESET}` : safe;
    })
    .join('');
}
