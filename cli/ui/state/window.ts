import type { Line } from '../text/line.js';

/** Lists lower than this have no room for more than their rows. */
const LEAST_FOR_HEADING = 4;
/** A selection that moves further than this does not come from a key that moves it by a row. */
const JUMP = 2;

/** One thing in a list, on one line or several. */
export interface Row {
  key: string;
  lines: readonly Line[];
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

/** The part of a list that fits into `height` lines, with the selected row in it. */
export function windowOf(
  rows: readonly Row[],
  selected: string | undefined,
  height: number,
  lastTop: number,
): Shown {
  const lines: ShownLine[] = [];
  /** Where headings begin. */
  const headings: number[] = [];
  let chosen: { first: number; last: number } | undefined;
  for (const row of rows) {
    const isSelected = row.key === selected;
    if (row.isHeading) headings.push(lines.length);
    if (isSelected) chosen = { first: lines.length, last: lines.length + row.lines.length };
    for (const [i, line] of row.lines.entries()) lines.push({ line, selected: isSelected && i === 0 });
  }
  const end = Math.max(0, lines.length - height);
  const top = Math.min(topFor(chosen, headings, height, Math.min(lastTop, end)), end);
  const shown = lines.slice(top, top + height);
  const heading = headings.findLast((at) => at < top);
  if (heading !== undefined && height > LEAST_FOR_HEADING && !shown[0]?.selected && !headings.includes(top)) {
    shown[0] = lines[heading]!;
  }
  return { lines: shown, top, above: top, below: Math.max(0, lines.length - top - height) };
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
