import { formatTime } from '../../../src/text/figures.js';
import { filterOf, matches } from '../state/ui-state.js';
import type { Row } from '../state/window.js';
import { line, wrapText } from '../text/line.js';
import type { ScreenContext } from './context.js';

/** What is wrong or may become so, the newest first, each with what to do about it. */
export function warningRows({ view, ui, columns, timeZone }: ScreenContext): Row[] {
  const found = view.warnings.filter(({ code, message }) => matches(filterOf(ui), code, message));
  if (found.length === 0) {
    return [{ key: 'nothing', lines: [line('No warnings.', 'good')], selectable: false }];
  }
  return found.map(({ code, message, at, hint }, i) => {
    const when = at === null ? '' : `${formatTime(at, timeZone)}  `;
    const lines = wrapText(`${when}${message} (${code})`, columns - 1, 'warn');
    if (hint !== null) lines.push(...wrapText(`  better: ${hint}`, columns - 1, 'dim'));
    return { key: `warning:${i}`, lines, selectable: true };
  });
}
