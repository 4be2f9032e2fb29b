import type { Line } from '../text/line.js';

/** Lists lower than this have no room for more than their rows. */
const LEAST_FOR_HEADING = 4;
/** A selection that moves further than this does not come from a key that moves it by a row. */
const JUMP = 2;

/** One thing in a list, on one line or several. */
export interface Row {
  key: string;
  readonly lines: readonly Line[];
  /** How many lines there are, of a row that makes them when it is asked for them: most are out of sight. */
  height?: number;
  /** Headings and remarks cannot be selected. */
  selectable: boolean;
  /** Of the rows below it: stays at the top while they are scrolled. */
  isHeading?: boolean;
}

/** A row's line, and whether it is the first one of the selected row. */
export interface ShownLine {
  line: Line;
  selected: boolean;
}

export interface Shown {
  lines: ShownLine[];
  /** The first line that is shown, to be given back the next time: a list does not jump. */
  top: number;
  above: number;
  below: number;
}

/** Where a row stands: its first line, and the one after its last. */
interface Place {
  row: Row;
  first: number;
  last: number;
}

/** The part of a list that fits into `height` lines, with the selected row in it. */
export function windowOf(
  rows: readonly Row[],
  selected: string | undefined,
  height: number,
  lastTop: number,
): Shown {
  const places: Place[] = [];
  let total = 0;
  for (const row of rows) {
    const last = total + (row.height ?? row.lines.length);
    places.push({ row, first: total, last });
    total = last;
  }
  const headings = places.filter(({ row }) => row.isHeading);
  const chosen = places.findLast(({ row }) => row.key === selected);
  const end = Math.max(0, total - height);
  const starts = headings.map(({ first }) => first);
  const top = Math.min(topFor(chosen, starts, height, Math.min(lastTop, end)), end);
  const lines = linesBetween(places, top, top + height, chosen);
  const heading = headings.findLast(({ first }) => first < top);
  if (heading !== undefined && height > LEAST_FOR_HEADING && !lines[0]?.selected && !starts.includes(top)) {
    lines[0] = { line: heading.row.lines[0]!, selected: heading === chosen };
  }
  return { lines, top, above: top, below: Math.max(0, total - top - height) };
}

function linesBetween(
  places: readonly Place[],
  top: number,
  end: number,
  chosen: Place | undefined,
): ShownLine[] {
  const shown: ShownLine[] = [];
  for (const place of places) {
    const { row, first, last } = place;
    if (last <= top || first >= end) continue;
    for (const [i, line] of row.lines.entries()) {
      if (first + i >= top && first + i < end) shown.push({ line, selected: place === chosen && i === 0 });
    }
  }
  return shown;
}

/** The top of before, unless the selected row would not be seen: with a line around it where there is room. */
function topFor(
  chosen: { first: number; last: number } | undefined,
  headings: readonly number[],
  height: number,
  lastTop: number,
): number {
  if (chosen === undefined) return lastTop;
  const { first, last } = chosen;
  const around = height > LEAST_FOR_HEADING ? 1 : 0;
  // Titles and a build's own line above the first rows come along with them.
  if (first <= 2 && last <= height) return Math.min(lastTop, Math.max(0, first - 2));
  const lowest = Math.max(0, Math.min(first, last + around - height));
  const highest = Math.max(0, first - around);
  const least = Math.min(lowest, highest);
  if (lastTop > highest + JUMP) {
    // From far below: with all that belongs to it above it, if that fits.
    const heading = headings.findLast((at) => at <= first) ?? 0;
    return Math.max(least, Math.min(heading, highest));
  }
  return Math.max(Math.min(lastTop, highest), least);
}
