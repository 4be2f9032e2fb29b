import type { CacheView } from '../../../src/live/types.js';
import { formatBytes, formatTime } from '../../../src/text/figures.js';
import { filterOf, matches, sortOf } from '../state/ui-state.js';
import type { Row } from '../state/window.js';
import { type Column, cellsLine, chooseColumns, titleLine } from '../text/columns.js';
import { type Span, span, wrapText } from '../text/line.js';
import type { ScreenContext } from './context.js';

type CacheColumn = 'id' | 'target' | 'state' | 'size' | 'saved' | 'steps' | 'used';

const COLUMNS: readonly Column<CacheColumn>[] = [
  { key: 'id', title: 'CACHE MOUNT', width: 10, rank: 0, flexible: true },
  { key: 'target', title: 'TARGET', width: 18, rank: 5 },
  { key: 'state', title: 'LAST TIME', width: 9, rank: 0 },
  { key: 'size', title: 'SIZE', width: 8, align: 'right', rank: 2 },
  { key: 'saved', title: 'SAVED', width: 8, align: 'right', rank: 1 },
  { key: 'steps', title: 'STEPS', width: 5, align: 'right', rank: 4 },
  { key: 'used', title: 'USED', width: 16, rank: 3 },
];

/** Cache mounts that the builds known here used. Sizes are the last known: nothing is sized during a build. */
export function cacheRows({ view, ui, columns, timeZone }: ScreenContext): Row[] {
  const filter = filterOf(ui);
  const found = view.caches.filter(({ id, targets, steps }) => matches(filter, id, ...targets, ...steps));
  if (found.length === 0) {
    const text = 'No build that is known here has used a cache mount (RUN --mount=type=cache,target=…).';
    return [{ key: 'nothing', lines: wrapText(text, columns - 1, 'dim'), selectable: false }];
  }
  const chosen = chooseColumns(COLUMNS, columns - 1);
  const rows = sorted(found, sortOf(ui, 'caches')).map((cache): Row => {
    const cells = cellsLine(chosen, ({ key }) => cacheCell(key, cache, timeZone));
    return { key: cache.id, lines: [cells], selectable: true };
  });
  return [{ key: 'titles', lines: [titleLine(chosen)], selectable: false }, ...rows];
}

function cacheCell(key: CacheColumn, cache: CacheView, timeZone: string | undefined): Span {
  switch (key) {
    case 'id':
      return span(cache.id);
    case 'target':
      return span(cache.targets.join(', '), 'dim');
    case 'state':
      if (cache.inUse) return span(cache.emptyAtStart ? 'in use, empty' : 'in use', 'accent');
      if (cache.emptyAtStart === null) return span('unknown', 'dim');
      return cache.emptyAtStart ? span('empty', 'warn') : span('warm', 'good');
    case 'size':
      return span(formatBytes(cache.sizeBytes), cache.sizeBytes === null ? 'dim' : 'plain');
    case 'saved':
      return span(formatBytes(cache.savedBytes), cache.savedBytes === null ? 'dim' : 'good');
    case 'steps':
      return span(String(cache.steps.length), 'dim');
    case 'used':
      return span(formatTime(cache.lastUsedAt, timeZone), 'dim');
  }
}

function sorted(caches: CacheView[], order: string): CacheView[] {
  if (order === 'size') return caches.toSorted((a, b) => (b.sizeBytes ?? -1) - (a.sizeBytes ?? -1));
  return order === 'saved' ? caches.toSorted((a, b) => (b.savedBytes ?? 0) - (a.savedBytes ?? 0)) : caches;
}
