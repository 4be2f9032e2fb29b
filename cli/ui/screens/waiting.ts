import type { Connection } from '../../../src/live/types.js';
import { type Line, line, wrapText } from '../text/line.js';

/** The screen before a daemon was there. */
export function waitingLines(connection: Connection, columns: number): Line[] {
  if (connection.state !== 'waiting') return [line('netmeter: connecting', 'dim')];
  return [
    ...wrapText(connection.because, columns, 'strong'),
    ...wrapText(connection.hint ?? '', columns, 'accent'),
    line(''),
    ...wrapText('Waiting for it. q quits.', columns, 'dim'),
  ];
}
