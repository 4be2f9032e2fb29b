import { cellWidth } from './width.js';

const NARROWEST = 20;

/**
 * Lines no wider than `width` cells as far as words allow, all but the first indented. `width` undefined: one line.
 */
export function wrapWords(text: string, width: number | undefined, indent: string): string[] {
  if (width === undefined || cellWidth(text) <= width) return [text];
  const room = Math.max(NARROWEST, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && cellWidth(line) + 1 + cellWidth(word) > room) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
