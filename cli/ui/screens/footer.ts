import type { PeriodName } from '../../../src/live/types.js';
import { SORTS, sortOf } from '../state/ui-state.js';
import type { Shown } from '../state/window.js';
import { formatClock, formatTimeOfDay } from '../text/figures.js';
import { type Line, packed, type Segment, span } from '../text/line.js';
import type { ScreenContext } from './context.js';

const PERIOD_NAMES: Record<PeriodName, string> = {
  today: 'today',
  start: 'since the start',
  hour: 'last hour',
  cycle: 'this cycle',
};

/** Why what is shown may not be how it is; nothing while all is well. */
export function bannerLine({ view, ui, columns, timeZone }: ScreenContext): Line {
  if (ui.paused) {
    const text = `PAUSED at ${formatTimeOfDay(new Date(view.at).toISOString(), timeZone)} (Space goes on)`;
    return packed([{ line: [span(text, 'warn')], rank: 0 }], columns);
  }
  if (view.connection.state === 'waiting') {
    const since = formatTimeOfDay(new Date(view.connection.since).toISOString(), timeZone);
    return packed(
      [
        { line: [span(`STALE: daemon gone since ${since}, waiting for it`, 'bad')], rank: 0 },
        { line: [span(view.connection.hint ?? '')], rank: 2 },
      ],
      columns,
      '; ',
    );
  }
  if (view.staleFor === undefined) return [];
  const text = `STALE: the daemon has said nothing for ${formatClock(view.staleFor)}`;
  return packed([{ line: [span(text, 'bad')], rank: 0 }], columns);
}

/** Keys, or the filter that is being typed. */
export function footerLine(
  { view, ui, columns }: ScreenContext,
  hidden: Pick<Shown, 'above' | 'below'>,
): Line {
  const filter = ui.filters[ui.tab] ?? '';
  if (ui.isTyping) {
    return packed([{ line: [span('filter: ', 'accent'), span(`${filter}_`)], rank: 0 }], columns);
  }
  const key = (name: string, does: string, rank: number): Segment => ({
    line: [span(name, 'accent'), span(` ${does}`, 'dim')],
    rank,
  });
  if (ui.help || ui.details !== undefined) {
    return packed(
      [
        key('Esc', 'back', 0),
        key('j/k', 'scroll', 1),
        { line: hiddenLine(hidden), rank: 2 },
        key('q', 'quit', 3),
      ],
      columns,
    );
  }
  const canSort = SORTS[ui.tab].length > 1;
  return packed(
    [
      key('q', 'quit', 0),
      key('?', 'help', 1),
      { line: hiddenLine(hidden), rank: 2 },
      ...(filter === '' ? [key('/', 'filter', 5)] : [key('/', filter, 2)]),
      ...(canSort ? [key('s', `by ${sortOf(ui)}`, 6)] : []),
      key('p', PERIOD_NAMES[view.period], 4),
      ...(ui.tab === 'builds'
        ? [key('Enter', 'details', 7), key('f', ui.follow ? 'following' : 'follow', 8)]
        : []),
      key('Space', ui.paused ? 'go on' : 'pause', 9),
      ...(view.meterTier === null ? [] : [{ line: [span(`tier ${view.meterTier}`, 'dim')], rank: 10 }]),
    ],
    columns,
  );
}

/** Lines that there was no room for. */
function hiddenLine({ above, below }: Pick<Shown, 'above' | 'below'>): Line {
  const parts = [...(above > 0 ? [`↑${above}`] : []), ...(below > 0 ? [`↓${below}`] : [])];
  return parts.length === 0 ? [] : [span(parts.join(' '), 'warn')];
}
