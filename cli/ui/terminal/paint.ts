import { cellWidth } from '../../../src/text/width.js';

const ESC = '\u001b[';
/** Terminals that know it show what is between the two at once, others ignore it. */
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;
const ERASE_REST = `${ESC}K`;
const ERASE_LINE = `${ESC}2K`;
/** What lines have of escape sequences: colours. Without them, measuring is cheap. */
const COLOURS = /\u001b\[[\d;]*m/g;

/**
 * What turns the screen from one frame into the next: the lines that changed, each at its place.
 * Nothing is scrolled or cleared, so nothing flickers. Empty when nothing changed.
 */
export function paint(before: readonly string[], after: readonly string[], columns: number): string {
  let changes = '';
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const line = after[i];
    if (line === before[i]) continue;
    changes += `${ESC}${i + 1};1H`;
    if (line === undefined) changes += ERASE_LINE;
    // At the end of a full line the cursor stands on its last cell, which would be erased.
    else changes += cellWidth(line.replace(COLOURS, '')) < columns ? `${line}${ERASE_REST}` : line;
  }
  return changes === '' ? '' : BEGIN + changes + END;
}
